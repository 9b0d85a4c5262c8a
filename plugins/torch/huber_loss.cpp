#include "huber_loss.h"

#include <ATen/ops/huber_loss.h>

#include "same_shape.h"

namespace pytorch {

dl::Schema<HuberLoss::Options> HuberLoss::schema() {
  return dl::Schema<Options>(
             "Squared near 0, linear beyond delta (torch.nn.HuberLoss). Prediction and target of one shape.")
      .field("delta", &Options::delta, "where it turns from squared to linear", dl::greater_than(0));
}

dl::Tensor HuberLoss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  require_same_shape("HuberLoss", prediction, target);
  return at::huber_loss(prediction, target, at::Reduction::Mean, options_.delta);
}

}  // namespace pytorch
