// A network as anyone writes one: the layers of vision.SimpleCNN, in PyTorch's usual words.
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "dl/network.h"
#include "dl/plugin.h"

namespace {

class SmallCNN : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t num_classes = 10, image_size = 28;
  };
  static auto schema() {
    return dl::Schema<Options>("Two convolutions, two linear layers: grey images [B, 1, S, S] to logits [B, K].")
        .field("num_classes", &Options::num_classes, "K", dl::at_least(1))
        .field("image_size", &Options::image_size, "S, a multiple of 4", dl::at_least(4));
  }
  explicit SmallCNN(const Options& o)
      : conv1_(torch::nn::Conv2dOptions(1, 32, 3).padding(1)),
        conv2_(torch::nn::Conv2dOptions(32, 64, 3).padding(1)),
        fc1_(64 * (o.image_size / 4) * (o.image_size / 4), 64),
        fc2_(64, o.num_classes) {
    register_module("conv1", conv1_);
    register_module("conv2", conv2_);
    register_module("fc1", fc1_);
    register_module("fc2", fc2_);
  }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& images) override {
    auto x = at::max_pool2d(at::relu(conv1_(images)), 2);
    x = at::max_pool2d(at::relu(conv2_(x)), 2);
    return fc2_(at::relu(fc1_(x.flatten(1))));
  }

 private:
  torch::nn::Conv2d conv1_, conv2_;
  torch::nn::Linear fc1_, fc2_;
};

}  // namespace

DL_PLUGIN("my_networks", "1.0.0", "A network of my own") { r.add<SmallCNN>("SmallCNN"); }
