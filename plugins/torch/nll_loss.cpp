#include "nll_loss.h"

#include <ATen/ops/nll_loss_nd.h>

namespace pytorch {

dl::Schema<NLLLoss::Options> NLLLoss::schema() {
  return dl::Schema<Options>(
             "Negative log-likelihood (torch.nn.NLLLoss). Log-probabilities [B, C, …], classes int64 [B, …].")
      .field("weight", &Options::weight, "a weight for each class; empty: all alike", dl::at_least(0))
      .field("ignore_index", &Options::ignore_index, "targets of this class count as nothing");
}

dl::Tensor NLLLoss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  return at::nll_loss_nd(prediction, target, weight_.as(prediction), at::Reduction::Mean, options_.ignore_index);
}

}  // namespace pytorch
