#include "fused_adam.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>

#include "param_groups.h"

namespace pytorch {

dl::Check FusedAdam::in_unit_interval() {
  return {"in [0, 1)", [](const dl::Value& value) {
            if (const auto* real = value.get_if<double>()) return *real >= 0 && *real < 1;
            const auto* whole = value.get_if<int64_t>();
            return whole && *whole == 0;
          }};
}

FusedAdam::FusedAdam(Settings settings) : settings_(std::move(settings)) {
  if (settings_.betas.size() != 2)
    throw dl::Error("\"betas\" must be a list of two numbers, such as [0.9, 0.999], found " +
                    std::to_string(settings_.betas.size()));
}

void FusedAdam::step(std::span<dl::Param* const> params, const dl::Rate& rate) {
  const at::NoGradGuard no_grad;
  steps_.begin();
  for (const auto& group : by_type(params)) {
    dl::Tensors values, grads, means, squares, largest, steps;
    for (auto* param : group) {
      values.push_back(param->value);
      grads.push_back(laid_out_as(param->value, param->grad));
      means.push_back(state_of(*param, "exp_avg"));
      squares.push_back(state_of(*param, "exp_avg_sq"));
      if (settings_.amsgrad) largest.push_back(state_of(*param, "max_exp_avg_sq"));
      steps.push_back(steps_.get(param->step, param->value.device()));
    }
    const auto& s = settings_;
    const double beta1 = rate.momentum.value_or(s.betas[0]), beta2 = s.betas[1];
    if (s.decoupled)
      at::_fused_adamw_(values, grads, means, squares, largest, steps, rate.lr, beta1, beta2, s.weight_decay, s.eps,
                        s.amsgrad, s.maximize);
    else
      at::_fused_adam_(values, grads, means, squares, largest, steps, rate.lr, beta1, beta2, s.weight_decay, s.eps,
                       s.amsgrad, s.maximize);
  }
}

}  // namespace pytorch
