#pragma once
#include <ATen/ops/linear.h>
#include <torch/nn/modules/linear.h>

#include "dl/tensor.h"

namespace vision {

/// torch.nn.Linear as Python has it, in one operator: under autocast the weight is cast once for a window of
/// micro-batches. torch::nn::LinearImpl multiplies by a transposed view, whose casts autocast does not keep.
class LinearImpl : public torch::nn::LinearImpl {
 public:
  using torch::nn::LinearImpl::LinearImpl;
  dl::Tensor forward(const dl::Tensor& x) { return at::linear(x, weight, bias); }
};

}  // namespace vision
