#pragma once
#include "dl/optimizer.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.RMSprop (Hinton's lecture): v = alpha * v + (1 - alpha) * g^2, centered minus the square of the mean
/// gradient; w -= lr * g / (sqrt(v) + eps), or with momentum buf = momentum * buf + g / (sqrt(v) + eps), w -= lr * buf.
/// States as PyTorch names them: "square_avg", centered "grad_avg", with momentum "momentum_buffer". Plain tensor
/// operations: LibTorch has no fused kernel for it. Any floating dtype.
class RMSprop : public dl::Optimizer {
 public:
  struct Options {
    double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
    bool centered = false, maximize = false;
  };
  static dl::Schema<Options> schema();
  explicit RMSprop(const Options& options) : options_(options) {}
  dl::Rate base_rate() const override { return {options_.lr, options_.momentum}; }
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override;

 private:
  void update(dl::Param& param, double lr, double momentum) const;
  Options options_;
};

}  // namespace pytorch
