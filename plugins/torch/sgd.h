#pragma once
#include "dl/optimizer.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.SGD on LibTorch's fused kernel: g += weight_decay * w; with momentum, buf = momentum * buf +
/// (1 - dampening) * g (buf = g at a parameter's first update), g = buf or, with nesterov, g + momentum * buf;
/// w -= lr * g. State: "momentum_buffer", only with momentum. float64, float32, bfloat16, float16.
class SGD : public dl::Optimizer {
 public:
  struct Options {
    double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false, maximize = false;
  };
  static dl::Schema<Options> schema();
  /// Throws Error where nesterov has no momentum or has dampening.
  explicit SGD(const Options& options);

  dl::Rate base_rate() const override;
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override;

 private:
  Options options_;
};

}  // namespace pytorch
