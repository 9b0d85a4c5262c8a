#pragma once
/// The benchmark's networks as a user of LibTorch would write them, each the same computation as dlhost's class.
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/relu.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <string>
#include <vector>

namespace bare {

struct Net : torch::nn::Module {
  virtual at::Tensor forward(at::Tensor x) = 0;
};

/// vision.SimpleCNN
struct Cnn : Net {
  torch::nn::Conv2d conv1{torch::nn::Conv2dOptions(1, 32, 3).padding(1)};
  torch::nn::Conv2d conv2{torch::nn::Conv2dOptions(32, 64, 3).padding(1)};
  torch::nn::Linear fc1{64 * 7 * 7, 64}, fc2{64, 10};
  Cnn() {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("fc1", fc1);
    register_module("fc2", fc2);
  }
  at::Tensor forward(at::Tensor x) override {
    x = at::max_pool2d(conv1(x.reshape({x.size(0), 28, 28, 1}).permute({0, 3, 1, 2})), 2).relu_();  // channels last
    x = at::max_pool2d(conv2(x), 2).relu_();
    return fc2(at::relu(fc1(x.flatten(1))));
  }
};

struct Block : torch::nn::Module {
  torch::nn::Conv2d conv1, conv2, down = nullptr;
  torch::nn::BatchNorm2d bn1, bn2, down_bn = nullptr;
  static torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    torch::nn::Conv2d made(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
    torch::nn::init::kaiming_normal_(made->weight, 0, torch::kFanOut, torch::kReLU);
    return made;
  }
  Block(int64_t in, int64_t out, int64_t stride)
      : conv1(conv(in, out, 3, stride)), conv2(conv(out, out, 3, 1)), bn1(out), bn2(out) {
    register_module("conv1", conv1);
    register_module("bn1", bn1);
    register_module("conv2", conv2);
    register_module("bn2", bn2);
    if (stride == 1 && in == out) return;
    down = register_module("down", conv(in, out, 1, stride));
    down_bn = register_module("down_bn", torch::nn::BatchNorm2d(out));
  }
  at::Tensor forward(const at::Tensor& x) {
    auto y = bn2(conv2(bn1(conv1(x)).relu_()));
    return y.add_(down ? down_bn(down(x)) : x).relu_();
  }
};

/// vision.ResNet18 with stem = "cifar"
struct ResNet18 : Net {
  torch::nn::Conv2d conv1 = register_module("conv1", Block::conv(3, 64, 3, 1));
  torch::nn::BatchNorm2d bn1 = register_module("bn1", torch::nn::BatchNorm2d(64));
  std::vector<std::shared_ptr<Block>> blocks;
  torch::nn::Linear fc = nullptr;
  ResNet18() {
    int64_t in = 64;
    for (const int64_t out : {64, 128, 256, 512})
      for (const int64_t stride : {out == 64 ? 1 : 2, 1}) {
        blocks.push_back(
            register_module("block" + std::to_string(blocks.size()), std::make_shared<Block>(in, out, stride)));
        in = out;
      }
    fc = register_module("fc", torch::nn::Linear(512, 10));
  }
  at::Tensor forward(at::Tensor x) override {
    x = bn1(conv1(x.contiguous(at::MemoryFormat::ChannelsLast))).relu_();
    for (auto& block : blocks) x = block->forward(x);
    return fc(x.mean({2, 3}));
  }
};

/// vision.MLP of 24 layers of 2048
struct Mlp : Net {
  std::vector<torch::nn::Linear> layers;
  Mlp() {
    for (int i = 0; i < 24; ++i) layers.push_back(register_module(std::to_string(i), torch::nn::Linear(2048, 2048)));
  }
  at::Tensor forward(at::Tensor x) override {
    x = layers[0](x);
    for (size_t i = 1; i < layers.size(); ++i) x = layers[i](at::relu(x));
    return x;
  }
};

}  // namespace bare
