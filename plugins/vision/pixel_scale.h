#pragma once
#include <array>

#include "dl/tensor.h"

namespace vision {

/// Bytes to floats by a table of all 256 values, each as torchvision's ToTensor and Normalize give it in float32:
/// (x / 255 - mean) / std. Immutable: any thread.
class PixelScale {
 public:
  explicit PixelScale(double mean = 0, double std = 1);
  /// float32 of the same shape from uint8.
  dl::Tensor operator()(const dl::Tensor& bytes) const;
  double mean() const { return mean_; }
  double std() const { return std_; }

 private:
  double mean_, std_;
  std::array<float, 256> table_;
};

}  // namespace vision
