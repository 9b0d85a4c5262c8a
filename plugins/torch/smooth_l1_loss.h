#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.SmoothL1Loss: d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; the mean. Prediction and target:
/// floating, of the same shape [B, …].
class SmoothL1Loss : public dl::Loss {
 public:
  struct Options {
    double beta = 1;
  };
  static dl::Schema<Options> schema();
  explicit SmoothL1Loss(const Options& options) : options_(options) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;

 private:
  Options options_;
};

}  // namespace pytorch
