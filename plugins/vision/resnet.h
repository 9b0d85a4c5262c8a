#pragma once
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <array>

#include "dl/batch_norm.h"
#include "dl/network.h"
#include "dl/schema.h"
#include "residual_block.h"

namespace vision {

/// A residual network (He et al. 2016), layer for layer torchvision's: images floating [B, C, H, W] of any size to
/// logits [B, K]; the same names, so that its weights can be loaded, and the same initialisation. Each block is a unit.
class ResNet : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t num_classes = 1000, num_channels = 3;
    std::string stem = "imagenet";
    bool zero_init_residual = false;
  };
  struct Layout {
    std::array<int64_t, 4> blocks;  ///< in layer1 … layer4
    bool bottleneck;
  };
  using dl::UnaryNetwork::forward;
  /// Throws Error on images of another shape.
  dl::Tensor forward(const dl::Tensor& x_BCHW) override;

 protected:
  static dl::Schema<Options> fields(std::string doc);
  ResNet(const Options& options, const Layout& layout, dl::Build& build);

 private:
  int64_t num_channels_;
  bool pool_;  ///< after the first convolution
  torch::nn::Conv2d conv1_;
  dl::BatchNorm2d bn1_;
  std::vector<dl::Unit<ResidualBlock>> blocks_;
  torch::nn::Linear fc_ = nullptr;
};

}  // namespace vision
