#include "unit_boundary.h"

#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace parallel {

namespace {

enum class Side : int64_t { inputs, outputs };

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

dl::Tensors mark(UnitEvents& events, Side side, dl::Tensors tensors);

struct Boundary : torch::autograd::Function<Boundary> {
  static variable_list forward(AutogradContext* ctx, at::TensorList tensors, UnitEvents* events, Side side) {
    ctx->saved_data["events"] = reinterpret_cast<int64_t>(events);
    ctx->saved_data["side"] = static_cast<int64_t>(side);
    ctx->set_materialize_grads(false);
    return tensors.vec();
  }
  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    auto& events = *reinterpret_cast<UnitEvents*>(ctx->saved_data["events"].toInt());
    const auto side = static_cast<Side>(ctx->saved_data["side"].toInt());
    if (side == Side::outputs)
      events.enter();
    else
      events.leave();
    // To whoever differentiates this pass, what leaves here comes in.
    auto marked = mark(events, side == Side::outputs ? Side::inputs : Side::outputs, std::move(gradients));
    marked.resize(marked.size() + 2);  // nothing for the two last arguments of forward()
    return marked;
  }
};

dl::Tensors mark(UnitEvents& events, Side side, dl::Tensors tensors) {
  if (!at::GradMode::is_enabled()) return tensors;
  dl::Tensors marked;
  for (const auto& tensor : tensors)
    if (tensor.defined() && tensor.requires_grad()) marked.push_back(tensor);
  if (marked.empty()) return tensors;
  marked = Boundary::apply(at::TensorList(marked), &events, side);
  size_t next = 0;
  for (auto& tensor : tensors)
    if (tensor.defined() && tensor.requires_grad()) tensor = marked[next++];
  return tensors;
}

}  // namespace

dl::Tensors inputs_of(UnitEvents& events, dl::Tensors inputs) { return mark(events, Side::inputs, std::move(inputs)); }

dl::Tensors outputs_of(UnitEvents& events, dl::Tensors outputs) {
  return mark(events, Side::outputs, std::move(outputs));
}

}  // namespace parallel
