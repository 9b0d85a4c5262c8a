#pragma once
#include "dl/optimizer.h"
#include "dl/schema.h"
#include "step_tensors.h"

namespace pytorch {

/// torch.optim.Adagrad (Duchi, Hazan, Singer, JMLR'11) on LibTorch's fused kernel: with t = Param::step, sum += g^2,
/// w -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum) + eps). State: "sum". float64, float32, bfloat16, float16.
class Adagrad : public dl::Optimizer {
 public:
  struct Options {
    double lr = 1e-2, lr_decay = 0, weight_decay = 0, initial_accumulator_value = 0, eps = 1e-10;
    bool maximize = false;
  };
  static dl::Schema<Options> schema();
  explicit Adagrad(const Options& options) : options_(options) {}
  dl::Rate base_rate() const override { return {options_.lr, {}}; }
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override;

 private:
  Options options_;
  StepTensors steps_;
};

}  // namespace pytorch
