#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.CrossEntropyLoss: softmax and negative log-likelihood in one. Prediction: logits [B, C, …]; target: class
/// indices, int64 [B, …]. Mean over all targets that are not `ignore_index` (nan where none is left).
class CrossEntropyLoss : public dl::Loss {
 public:
  struct Options {
    int64_t ignore_index = -100;
    double label_smoothing = 0;
  };
  static dl::Schema<Options> schema();
  explicit CrossEntropyLoss(const Options& options) : options_(options) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Options options_;
};

}  // namespace pytorch
