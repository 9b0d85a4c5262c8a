#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.MSELoss: the mean of the squared differences. Prediction and target: floating, of the same shape [B, …].
class MSELoss : public dl::Loss {
 public:
  using Options = dl::NoOptions;
  static dl::Schema<Options> schema();
  explicit MSELoss(const Options&) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;
};

}  // namespace pytorch
