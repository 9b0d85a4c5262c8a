#include "cross_entropy_loss.h"

#include <ATen/ops/cross_entropy_loss.h>

namespace pytorch {

dl::Schema<CrossEntropyLoss::Options> CrossEntropyLoss::schema() {
  return dl::Schema<Options>(
             "Softmax and negative log-likelihood (torch.nn.CrossEntropyLoss). Logits [B, C, …], classes int64 [B, …].")
      .field("weight", &Options::weight, "a weight for each class; empty: all alike", dl::at_least(0))
      .field("ignore_index", &Options::ignore_index, "targets of this class count as nothing")
      .field("label_smoothing", &Options::label_smoothing, "share of the target spread evenly over all classes",
             dl::between(0, 1));
}

dl::Tensor CrossEntropyLoss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  return at::cross_entropy_loss(prediction, target, weight_.as(prediction), at::Reduction::Mean, options_.ignore_index,
                                options_.label_smoothing);
}

}  // namespace pytorch
