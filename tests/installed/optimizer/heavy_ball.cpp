// An optimizer as anyone writes one: plain tensor operations, its state kept by the host.
#include <ATen/core/grad_mode.h>

#include "dl/optimizer.h"
#include "dl/plugin.h"

namespace {

/// Polyak's momentum: v = momentum * v + g; w -= lr * v. What torch.SGD with momentum computes.
class HeavyBall : public dl::Optimizer {
 public:
  struct Options {
    double lr = 0.01, momentum = 0.9;
  };
  static auto schema() {
    return dl::Schema<Options>("Gradient descent with momentum.")
        .field("lr", &Options::lr, "learning rate", dl::at_least(0))
        .field("momentum", &Options::momentum, "share of the last update that is kept", dl::between(0, 1));
  }
  explicit HeavyBall(const Options& options) : options_(options) {}
  dl::Rate base_rate() const override { return {options_.lr, options_.momentum}; }
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override {
    const at::NoGradGuard no_grad;
    for (auto* param : params) {
      auto& velocity = param->state("velocity");
      velocity.mul_(rate.momentum.value_or(options_.momentum)).add_(param->grad);
      param->value.sub_(velocity, rate.lr);
    }
  }

 private:
  Options options_;
};

}  // namespace

DL_PLUGIN("my_optimizers", "1.0.0", "An optimizer of my own") { r.add<HeavyBall>("HeavyBall"); }
