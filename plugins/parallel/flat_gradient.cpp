#include "flat_gradient.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>

#include "bucket.h"
#include "dl/error.h"

namespace parallel {

FlatGradient::FlatGradient(const FlatParameters& parameters, std::optional<at::ScalarType> wire, bool late)
    : parameters_(parameters),
      wire_(wire),
      late_(late),
      piece_(at::zeros_like(parameters.piece())),
      used_(parameters.parameters().size()) {}

void FlatGradient::begin_update() {
  used_.assign(used_.size(), false);
  reduced_before_ = false;
  expected_ = 0;
  for (const auto& parameter : parameters_.parameters()) parameter.mutable_grad().reset();
}

void FlatGradient::begin_pass() {
  arrived_.assign(used_.size(), false);
  filled_.assign(used_.size(), false);
  started_ = false;
  whole_.reset();
  expected_ = 0;
  for (const auto& parameter : parameters_.parameters()) expected_ += parameter.requires_grad();
  missing_ = expected_;
}

void FlatGradient::arrived(size_t i, bool has_gradient, const std::string& name) {
  const auto& parameter = parameters_.parameters()[i];
  if (started_)
    throw dl::Error("parameter " + name +
                    " got a second gradient in one backward pass, after its first was sent to the other ranks (a "
                    "nested backward pass does that); parallel.DDP with engine.overlap = \"off\" can train this");
  const dl::Tensor& gradient = parameter.grad();
  if (has_gradient && gradient.defined()) {
    const at::NoGradGuard no_grad;
    if (!whole_.defined()) whole_ = at::empty({parameters_.padded_elements()}, piece_.options());
    auto slot = view_like(parameter, whole_, parameters_.layout().offsets[i]);
    const auto dense = gradient.is_sparse() ? gradient.to_dense() : gradient;
    if (filled_[i])
      slot.add_(dense);
    else
      slot.copy_(dense);
    filled_[i] = used_[i] = true;
    parameter.mutable_grad().reset();
  }
  if (arrived_[i]) return;
  arrived_[i] = true;
  --missing_;
}

std::function<void(dl::Communicator&)> FlatGradient::start() {
  const at::NoGradGuard guard;
  started_ = true;
  if (!whole_.defined()) whole_ = at::empty({parameters_.padded_elements()}, piece_.options());
  for (size_t i = 0; i < filled_.size(); ++i)
    if (!filled_[i]) view_like(parameters_.parameters()[i], whole_, parameters_.layout().offsets[i]).zero_();
  const bool add = std::exchange(reduced_before_, true);
  return [whole = std::exchange(whole_, {}), piece = piece_, add, wire = wire_,
          what = "gradients of " + parameters_.what()](dl::Communicator& communicator) mutable {
    const at::NoGradGuard no_grad;
    RECORD_USER_SCOPE("reduce_scatter " + what);  // in traces
    if (wire) whole = whole.to(*wire);
    dl::Tensor part = add || wire ? at::empty_like(piece, whole.options()) : piece;
    communicator.reduce_scatter(part, whole, dl::ReduceOp::sum, what);
    whole.reset();
    if (add)
      piece.add_(part);
    else if (wire)
      piece.copy_(part);
  };
}

}  // namespace parallel
