#pragma once
#include <array>
#include <vector>

#include "dl/tensor.h"
#include "dl/value.h"

namespace vision {

/// Bytes to floats by tables of all 256 values, each as torchvision's ToTensor and Normalize give it in float32:
/// (x / 255 - mean) / std. Immutable: any thread.
class PixelScale {
 public:
  /// One mean and std for all channels, or one for each. Throws dl::Error where there are not as many of both.
  explicit PixelScale(std::vector<double> mean = {0}, std::vector<double> std = {1});
  /// float32 [B, C, H, W] from uint8. Throws dl::Error where there are several means, and not C of them.
  dl::Tensor operator()(const dl::Tensor& bytes_BCHW) const;
  /// A number, or a list of them.
  dl::Value mean() const;
  dl::Value std() const;

 private:
  std::vector<double> mean_, std_;
  std::vector<std::array<float, 256>> tables_;
};

}  // namespace vision
