#pragma once
#include "dl/optimizer.h"
#include "dl/schema.h"
#include "step_tensors.h"

namespace pytorch {

/// What Adam and AdamW share: one call of LibTorch's fused kernel over all parameters of a dtype. With t = Param::step,
/// m = beta1 * m + (1 - beta1) * g, v = beta2 * v + (1 - beta2) * g^2,
/// w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps); amsgrad puts the largest v so far in v's place.
/// States as PyTorch names them: "exp_avg", "exp_avg_sq", with amsgrad "max_exp_avg_sq". float64, float32, bfloat16,
/// float16.
class FusedAdam : public dl::Optimizer {
 public:
  struct Settings {
    double lr;
    std::vector<double> betas;
    double eps, weight_decay;
    bool amsgrad, maximize;
    bool decoupled;  ///< weight decay shrinks the weights (AdamW) instead of adding to the gradient (Adam)
  };
  /// Its momentum is beta1, which is what OneCycleLR and CyclicLR change, as in PyTorch.
  dl::Rate base_rate() const override { return {settings_.lr, settings_.betas[0]}; }
  void step(std::span<dl::Param* const> params, const dl::Rate& rate) override;

 protected:
  /// Throws Error where `betas` are not two.
  explicit FusedAdam(Settings settings);
  /// The fields that both have, in PyTorch's order.
  template <class Options>
  static dl::Schema<Options> fields(std::string doc, const std::string& weight_decay) {
    return dl::Schema<Options>(std::move(doc))
        .field("lr", &Options::lr, "learning rate", dl::at_least(0))
        .field("betas", &Options::betas, "decay of the mean and of the mean square of the gradient", in_unit_interval())
        .field("eps", &Options::eps, "added to the root of the mean square", dl::at_least(0))
        .field("weight_decay", &Options::weight_decay, weight_decay, dl::at_least(0))
        .field("amsgrad", &Options::amsgrad, "divide by the largest mean square so far (Reddi et al., ICLR'18)")
        .field("maximize", &Options::maximize, "go up the gradient");
  }

 private:
  static dl::Check in_unit_interval();
  Settings settings_;
  StepTensors steps_;
};

}  // namespace pytorch
