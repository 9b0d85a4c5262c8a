#pragma once
#include "dl/loss.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.nn.L1Loss: the mean of the absolute differences. Prediction and target: floating, of the same shape [B, …].
class L1Loss : public dl::Loss {
 public:
  using Options = dl::NoOptions;
  static dl::Schema<Options> schema();
  explicit L1Loss(const Options&) {}
  dl::Tensor operator()(const dl::Tensor& prediction, const dl::Tensor& target) override;
};

}  // namespace pytorch
