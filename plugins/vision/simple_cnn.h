#pragma once
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "dl/network.h"
#include "dl/schema.h"

namespace vision {

/// Two convolutions and two linear layers, 220,234 parameters with the defaults:
///
///     conv1 3x3 C -> 32, max-pool 2, ReLU | conv2 3x3 32 -> 64, max-pool 2, ReLU | fc1 4 S S -> 64, ReLU | fc2 64 -> K
///
/// Images floating [B, C, S, S] to logits [B, K]. PyTorch's default initialisation.
class SimpleCNN : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t num_classes = 10, num_channels = 1, image_size = 28;
  };
  static dl::Schema<Options> schema();
  explicit SimpleCNN(const Options& options);
  using dl::UnaryNetwork::forward;
  /// Throws Error on images of another shape.
  dl::Tensor forward(const dl::Tensor& x_BCSS) override;

 private:
  Options options_;
  torch::nn::Conv2d conv1_, conv2_;
  torch::nn::Linear fc1_, fc2_;
};

}  // namespace vision
