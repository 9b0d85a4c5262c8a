#include "core/gradient_clip.h"

#include <ATen/OpMathType.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

namespace dl::host {

double gradient_norm(std::span<Param* const> params, Communicator* control) {
  Tensors norms;
  for (const auto* param : params) {
    const auto dtype = at::toOpMathType(param->grad.scalar_type());  // a norm in bfloat16 has three digits
    norms.push_back(at::linalg_vector_norm(param->grad, 2, {}, false, dtype).to(at::kDouble));
  }
  double squares = 0;
  if (!norms.empty()) {
    const auto all = at::stack(norms).cpu();  // one wait for a GPU, not one for each
    for (const double norm : std::span(all.const_data_ptr<double>(), norms.size())) squares += norm * norm;
  }
  if (control && control->size() > 1) {
    auto sum = at::tensor({squares}, at::kDouble);
    control->all_reduce(sum, ReduceOp::sum, "squares of the gradients");
    squares = sum.item<double>();
  }
  return std::sqrt(squares);
}

double clip_factor(double norm, double max_norm) { return std::min(1.0, max_norm / (norm + 1e-6)); }

}  // namespace dl::host
