#include "weights.h"

#include <ATen/ops/tensor.h>

namespace pytorch {

const dl::Tensor& Weights::as(const dl::Tensor& like) {
  if (values_.empty()) return tensor_;
  if (!tensor_.defined() || tensor_.scalar_type() != like.scalar_type() || tensor_.device() != like.device())
    tensor_ = at::tensor(values_, at::kDouble).to(like.device(), like.scalar_type());
  return tensor_;
}

}  // namespace pytorch
