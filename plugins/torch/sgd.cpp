#include "sgd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_sgd.h>

#include "param_groups.h"

namespace pytorch {

dl::Schema<SGD::Options> SGD::schema() {
  return dl::Schema<Options>("Stochastic gradient descent (torch.optim.SGD).")
      .field("lr", &Options::lr, "learning rate", dl::at_least(0))
      .field("momentum", &Options::momentum, "share of the last update that is kept; 0: none", dl::at_least(0))
      .field("dampening", &Options::dampening, "the gradient enters the momentum times 1 - dampening")
      .field("weight_decay", &Options::weight_decay, "L2 penalty, added to the gradient", dl::at_least(0))
      .field("nesterov", &Options::nesterov, "Nesterov's momentum: needs momentum > 0 and dampening = 0")
      .field("maximize", &Options::maximize, "go up the gradient");
}

SGD::SGD(const Options& options) : options_(options) {
  if (options.nesterov && (options.momentum <= 0 || options.dampening != 0))
    throw dl::Error("nesterov = true needs momentum > 0 and dampening = 0, found momentum = " +
                    dl::Value(options.momentum).text() + " and dampening = " + dl::Value(options.dampening).text());
}

// With momentum = 0 as well: a schedule such as OneCycleLR may set one.
dl::Rate SGD::base_rate() const { return {options_.lr, options_.momentum}; }

void SGD::step(std::span<dl::Param* const> params, const dl::Rate& rate) {
  const at::NoGradGuard no_grad;
  const double momentum = rate.momentum.value_or(options_.momentum);
  static const std::string kBuffer = "momentum_buffer";

  // The kernel takes one "is first" for its whole list. A parameter that steps for the first time, or whose buffer was
  // never saved, begins with the gradient itself, as in PyTorch.
  auto is_first = [&](const dl::Param& param) { return param.step <= 1 || !param.states.contains(kBuffer); };
  std::vector<dl::Param*> first, later;
  for (auto* param : params) (momentum != 0 && is_first(*param) ? first : later).push_back(param);

  for (const bool is_first_step : {true, false}) {
    for (const auto& group : by_type(is_first_step ? first : later)) {
      dl::Tensors values, grads, buffers;
      for (auto* param : group) {
        values.push_back(param->value);
        grads.push_back(laid_out_as(param->value, param->grad));
        if (momentum != 0) buffers.push_back(state_of(*param, kBuffer));
      }
      at::_fused_sgd_(values, grads, buffers, options_.weight_decay, momentum, rate.lr, options_.dampening,
                      options_.nesterov, options_.maximize, is_first_step);
    }
  }
}

}  // namespace pytorch
