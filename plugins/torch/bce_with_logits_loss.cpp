#include "bce_with_logits_loss.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>

#include "same_shape.h"

namespace pytorch {

dl::Schema<BCEWithLogitsLoss::Options> BCEWithLogitsLoss::schema() {
  return dl::Schema<Options>(
             "Sigmoid and binary cross entropy (torch.nn.BCEWithLogitsLoss). Logits and probabilities of one shape.")
      .field("pos_weight", &Options::pos_weight, "how much positive targets weigh, for each class; empty: 1",
             dl::at_least(0));
}

dl::Tensor BCEWithLogitsLoss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  require_same_shape("BCEWithLogitsLoss", prediction, target);
  return at::binary_cross_entropy_with_logits(prediction, target, {}, pos_weight_.as(prediction));
}

}  // namespace pytorch
