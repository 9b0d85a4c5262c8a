#include "adagrad.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adagrad.h>

#include "param_groups.h"

namespace pytorch {

dl::Schema<Adagrad::Options> Adagrad::schema() {
  return dl::Schema<Options>("Adagrad (torch.optim.Adagrad).")
      .field("lr", &Options::lr, "learning rate", dl::at_least(0))
      .field("lr_decay", &Options::lr_decay, "lr falls as 1 / (1 + updates * lr_decay)", dl::at_least(0))
      .field("weight_decay", &Options::weight_decay, "L2 penalty, added to the gradient", dl::at_least(0))
      .field("initial_accumulator_value", &Options::initial_accumulator_value, "what the sum of squares begins with",
             dl::at_least(0))
      .field("eps", &Options::eps, "added to the root of the sum of squares", dl::at_least(0))
      .field("maximize", &Options::maximize, "go up the gradient");
}

void Adagrad::step(std::span<dl::Param* const> params, const dl::Rate& rate) {
  const at::NoGradGuard no_grad;
  static const std::string kSum = "sum";
  steps_.begin();
  for (const auto& group : by_type(params)) {
    dl::Tensors values, grads, sums, steps;
    for (auto* param : group) {
      // As with a parameter's first update: a sum that was never saved.
      const bool is_first = param->step <= 1 || !param->states.contains(kSum);
      auto& sum = state_of(*param, kSum);
      if (is_first && options_.initial_accumulator_value != 0) sum.fill_(options_.initial_accumulator_value);
      values.push_back(param->value);
      grads.push_back(laid_out_as(param->value, param->grad));
      sums.push_back(sum);
      steps.push_back(steps_.get(param->step, param->value.device()));
    }
    at::_fused_adagrad_(values, grads, sums, steps, rate.lr, options_.lr_decay, options_.weight_decay, options_.eps,
                        options_.maximize);
  }
}

}  // namespace pytorch
