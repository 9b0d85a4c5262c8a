#include "mse_loss.h"

#include <ATen/ops/mse_loss.h>

#include "same_shape.h"

namespace pytorch {

dl::Schema<MSELoss::Options> MSELoss::schema() {
  return dl::Schema<Options>("Mean squared error (torch.nn.MSELoss). Prediction and target of one shape.");
}

dl::Tensor MSELoss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  require_same_shape("MSELoss", prediction, target);
  return at::mse_loss(prediction, target);
}

}  // namespace pytorch
