#include "residual_block.h"

#include <torch/nn/init.h>

#include <string>

namespace vision {

torch::nn::Conv2d resnet_conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  torch::nn::Conv2d conv(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding((kernel - 1) / 2).bias(false));
  torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
  return conv;
}

ResidualBlock::ResidualBlock(const Shape& shape, bool zero_init) {
  if (shape.bottleneck) {
    add(shape.channels, shape.width, 1, 1);
    add(shape.width, shape.width, 3, shape.stride);
    add(shape.width, shape.out(), 1, 1);
  } else {
    add(shape.channels, shape.width, 3, shape.stride);
    add(shape.width, shape.width, 3, 1);
  }
  if (zero_init) torch::nn::init::zeros_(norms_.back()->weight);
  if (shape.stride == 1 && shape.channels == shape.out()) return;
  shortcut_conv_ = resnet_conv(shape.channels, shape.out(), 1, shape.stride);
  shortcut_norm_ = dl::BatchNorm2d(shape.out());
  auto shortcut = std::make_shared<torch::nn::Module>();
  shortcut->register_module("0", shortcut_conv_);
  shortcut->register_module("1", shortcut_norm_);
  register_module("downsample", std::move(shortcut));
}

void ResidualBlock::add(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  const auto number = std::to_string(convs_.size() + 1);
  convs_.push_back(register_module("conv" + number, resnet_conv(in, out, kernel, stride)));
  norms_.push_back(register_module("bn" + number, dl::BatchNorm2d(out)));
}

dl::Tensor ResidualBlock::forward(const dl::Tensor& x_BCHW) {
  auto y = x_BCHW;
  for (size_t i = 0; i < convs_.size(); ++i) {
    if (i > 0) y.relu_();  // in place: no gradient needs the batch norm's output
    y = norms_[i](convs_[i](y));
  }
  return y.add_(shortcut_conv_ ? shortcut_norm_(shortcut_conv_(x_BCHW)) : x_BCHW).relu_();
}

}  // namespace vision
