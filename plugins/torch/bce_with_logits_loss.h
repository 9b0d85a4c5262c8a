#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.BCEWithLogitsLoss: sigmoid and binary cross entropy in one. Prediction: logits; target: probabilities in
/// [0, 1], floating; both of the same shape [B, …]. Mean over all elements.
class BCEWithLogitsLoss : public dl::Loss {
 public:
  using Options = dl::NoOptions;
  static dl::Schema<Options> schema();
  explicit BCEWithLogitsLoss(const Options&) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;
};

}  // namespace pytorch
