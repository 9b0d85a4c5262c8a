#include "core/loss_scale.h"

#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <map>

#include "dl/error.h"

namespace dl::host {

void LossScale::update(bool overflowed) {
  auto& [scale, tracker] = state_;
  if (overflowed) {
    const double less = scale * settings_.backoff_factor;
    if (less < settings_.min_loss_scale)
      throw Error("gradients are infinite or NaN at a loss scale of " + Value(scale).text() +
                  ", and a smaller one would be below [engine.loss_scale] min_loss_scale = " +
                  Value(settings_.min_loss_scale).text() +
                  "; precision = \"bf16\" has the range of float32 and needs no scale, a smaller lr may avoid it");
    scale = less;
    tracker = 0;
  } else if (++tracker >= settings_.growth_interval) {
    tracker = 0;
    // The seed of the backward pass is float32.
    if (const double more = scale * settings_.growth_factor; std::isfinite(static_cast<float>(more))) scale = more;
  }
}

bool unscale(std::span<Param* const> params, double factor, Communicator* control) {
  std::map<at::ScalarType, Tensors> by_type;
  for (const auto* param : params) by_type[param->grad.scalar_type()].push_back(param->grad);
  bool found = false;
  for (auto& [dtype, gradients] : by_type) {
    const auto options = gradients[0].options().dtype(at::kFloat);
    auto found_here = at::zeros({1}, options);
    at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_here, at::full({1}, factor, options));
    found |= found_here.item<float>() != 0;
  }
  if (control && control->size() > 1) {
    auto any = at::full({1}, found ? 1 : 0, at::kInt);
    control->all_reduce(any, ReduceOp::max, "overflow of the gradients");
    found = any.item<int32_t>() != 0;
  }
  return found;
}

}  // namespace dl::host
