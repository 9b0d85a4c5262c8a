#pragma once
#include <vector>

#include "dl/tensor.h"

namespace pytorch {

/// A list of numbers from the config as the tensor that a loss hands on, made anew only where dtype or device change.
class Weights {
 public:
  explicit Weights(std::vector<double> values) : values_(std::move(values)) {}
  /// [n], of the dtype and on the device of `like`; undefined where the list is empty.
  const dl::Tensor& as(const dl::Tensor& like);

 private:
  std::vector<double> values_;
  dl::Tensor tensor_;
};

}  // namespace pytorch
