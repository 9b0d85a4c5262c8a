#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.HuberLoss: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2); the mean. Prediction and target:
/// floating, of the same shape [B, …].
class HuberLoss : public dl::Loss {
 public:
  struct Options {
    double delta = 1;
  };
  static dl::Schema<Options> schema();
  explicit HuberLoss(const Options& options) : options_(options) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Options options_;
};

}  // namespace pytorch
