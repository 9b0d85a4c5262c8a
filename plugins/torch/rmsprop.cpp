#include "rmsprop.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sqrt.h>

#include "param_groups.h"

namespace pytorch {
namespace {

/// In place, as Python's mul_: Tensor::mul_ of a number first rounds it to the tensor's dtype, which in bfloat16 makes
/// 0.99 to 0.988.
void scale(dl::Tensor& tensor, double factor) { tensor.mul_(at::scalar_tensor(factor, at::kDouble)); }

}  // namespace

dl::Schema<RMSprop::Options> RMSprop::schema() {
  return dl::Schema<Options>("RMSprop (torch.optim.RMSprop).")
      .field("lr", &Options::lr, "learning rate", dl::at_least(0))
      .field("alpha", &Options::alpha, "decay of the mean square of the gradient", dl::between(0, 1))
      .field("eps", &Options::eps, "added to the root of the mean square", dl::at_least(0))
      .field("weight_decay", &Options::weight_decay, "L2 penalty, added to the gradient", dl::at_least(0))
      .field("momentum", &Options::momentum, "share of the last update that is kept; 0: none", dl::at_least(0))
      .field("centered", &Options::centered, "divide by the gradient's estimated deviation, not its mean square")
      .field("maximize", &Options::maximize, "go up the gradient");
}

void RMSprop::step(std::span<dl::Param* const> params, const dl::Rate& rate) {
  const at::NoGradGuard no_grad;
  const double momentum = rate.momentum.value_or(options_.momentum);
  for (auto* param : params)
    if (param->value.numel() > 0) update(*param, rate.lr, momentum);
}

void RMSprop::update(dl::Param& param, double lr, double momentum) const {
  const auto& o = options_;
  auto grad = o.maximize ? param.grad.neg() : param.grad;
  if (o.weight_decay != 0) grad = grad.add(param.value, o.weight_decay);
  auto& squares = state_of(param, "square_avg");
  scale(squares, o.alpha);
  squares.addcmul_(grad, grad, 1 - o.alpha);
  dl::Tensor root;
  if (o.centered) {
    auto& mean = state_of(param, "grad_avg");
    mean.lerp_(grad, 1 - o.alpha);
    root = at::addcmul(squares, mean, mean, -1).sqrt_();
  } else {
    root = at::sqrt(squares);
  }
  root.add_(o.eps);
  if (momentum > 0) {
    auto& buffer = state_of(param, "momentum_buffer");
    scale(buffer, momentum);
    buffer.addcdiv_(grad, root);
    param.value.add_(buffer, -lr);
  } else {
    param.value.addcdiv_(grad, root, -lr);
  }
}

}  // namespace pytorch
