#include "l1_loss.h"

#include <ATen/ops/l1_loss.h>

#include "same_shape.h"

namespace pytorch {

dl::Schema<L1Loss::Options> L1Loss::schema() {
  return dl::Schema<Options>("Mean absolute error (torch.nn.L1Loss). Prediction and target of one shape.");
}

dl::Tensor L1Loss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  require_same_shape("L1Loss", prediction, target);
  return at::l1_loss(prediction, target);
}

}  // namespace pytorch
