#pragma once
#include "dl/loss.h"
#include "dl/schema.h"
#include "weights.h"

namespace pytorch {

/// torch.nn.CrossEntropyLoss: softmax and negative log-likelihood in one. Prediction: logits [B, C, …]; target: class
/// indices, int64 [B, …], or probabilities of the classes, floating [B, C, …]. Mean over all targets that are not
/// `ignore_index` (nan where none is left); with `weight`, each counts as much as its class weighs.
class CrossEntropyLoss : public dl::Loss {
 public:
  struct Options {
    std::vector<double> weight;
    int64_t ignore_index = -100;
    double label_smoothing = 0;
  };
  static dl::Schema<Options> schema();
  explicit CrossEntropyLoss(const Options& options) : options_(options), weight_(options.weight) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Options options_;
  Weights weight_;
};

}  // namespace pytorch
