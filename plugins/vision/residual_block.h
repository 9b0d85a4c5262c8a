#pragma once
#include <torch/nn/modules/conv.h>

#include <vector>

#include "dl/batch_norm.h"
#include "dl/tensor.h"

namespace vision {

/// A block of a ResNet (He et al. 2016): relu(F(x) + x), with a 1x1 convolution on x where the shape changes. F is two
/// 3x3 convolutions, or, as bottleneck, 1x1, 3x3 and 1x1 to four times the width; batch norm after each, ReLU between
/// them. As torchvision's BasicBlock and Bottleneck: the stride is in the first 3x3 convolution ("v1.5"). Names: conv1,
/// bn1, conv2, bn2, (conv3, bn3,) downsample.0, downsample.1.
class ResidualBlock : public torch::nn::Module {
 public:
  struct Shape {
    int64_t channels;  ///< of the input
    int64_t width;     ///< of the 3x3 convolution
    int64_t stride;
    bool bottleneck;
    int64_t out() const { return bottleneck ? 4 * width : width; }
  };
  /// `zero_init`: the last batch norm's weight begins at 0, and so the block as the identity.
  ResidualBlock(const Shape& shape, bool zero_init);

  /// [B, channels, H, W] to [B, out, ceil(H / stride), ceil(W / stride)].
  dl::Tensor forward(const dl::Tensor& x_BCHW);

 private:
  void add(int64_t in, int64_t out, int64_t kernel, int64_t stride);

  std::vector<torch::nn::Conv2d> convs_;
  std::vector<dl::BatchNorm2d> norms_;
  torch::nn::Conv2d shortcut_conv_ = nullptr;
  dl::BatchNorm2d shortcut_norm_ = nullptr;
};

/// A convolution without bias that keeps the size at stride 1; weights from He's normal distribution, by the outputs
/// (torchvision's choice for ResNets).
torch::nn::Conv2d resnet_conv(int64_t in, int64_t out, int64_t kernel, int64_t stride);

}  // namespace vision
