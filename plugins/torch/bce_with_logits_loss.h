#pragma once
#include "dl/loss.h"
#include "dl/schema.h"
#include "weights.h"

namespace pytorch {

/// torch.nn.BCEWithLogitsLoss: sigmoid and binary cross entropy in one. Prediction: logits; target: probabilities in
/// [0, 1], floating; both of the same shape [B, …]. Mean over all elements. `pos_weight` is broadcast against them: one
/// number, or one for each column of [B, C].
class BCEWithLogitsLoss : public dl::Loss {
 public:
  struct Options {
    std::vector<double> pos_weight;
  };
  static dl::Schema<Options> schema();
  explicit BCEWithLogitsLoss(const Options& options) : pos_weight_(options.pos_weight) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Weights pos_weight_;
};

}  // namespace pytorch
