#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.NLLLoss. Prediction: log-probabilities [B, C, …]; target: class indices, int64 [B, …]. Mean over all
/// targets that are not `ignore_index` (nan where none is left).
class NLLLoss : public dl::Loss {
 public:
  struct Options {
    int64_t ignore_index = -100;
  };
  static dl::Schema<Options> schema();
  explicit NLLLoss(const Options& options) : options_(options) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Options options_;
};

}  // namespace pytorch
