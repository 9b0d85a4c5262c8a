#include "gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "dl/error.h"

namespace parallel {

namespace {

constexpr int64_t kFirstBucketBytes = 1 << 20;  // PyTorch's kDefaultFirstBucketBytes

bool is_view_of(const dl::Tensor& gradient, const dl::Tensor& view) {
  return gradient.defined() && gradient.layout() == at::kStrided && gradient.data_ptr() == view.data_ptr();
}

}  // namespace

Gradients::Gradients(const std::string& network, std::vector<dl::Tensor> parameters, std::span<dl::Param> params,
                     int64_t bucket_bytes, bool flat, std::optional<at::ScalarType> wire,
                     dl::Communicator& communicator, std::function<void()> bucket_filled)
    : used_(parameters.size()),
      bucket_filled_(std::move(bucket_filled)),
      hooks_(parameters, [this](size_t index, bool has_gradient) { arrived(index, has_gradient); }) {
  for (size_t i = 0; i < parameters.size(); ++i) slots_.push_back({&params[i], parameters[i], {}});
  if (flat) make_buckets(network, parameters, bucket_bytes, wire, communicator);
}

void Gradients::make_buckets(const std::string& network, std::span<const dl::Tensor> parameters, int64_t bucket_bytes,
                             std::optional<at::ScalarType> wire, dl::Communicator& communicator) {
  const BucketPlan plan = plan_buckets(parameters, std::min(kFirstBucketBytes, bucket_bytes), bucket_bytes);
  for (size_t b = 0; b < plan.elements.size(); ++b) {
    Bucket bucket;
    bucket.what =
        "gradients of " + network + ", bucket " + std::to_string(b + 1) + " of " + std::to_string(plan.elements.size());
    // What travels lies in the communicator's memory.
    if (wire && communicator.size() > 1) {
      bucket.flat = at::zeros({plan.elements[b]}, parameters[0].options().dtype(plan.dtypes[b]).requires_grad(false));
      bucket.wire = communicator.allocate(plan.elements[b], *wire);
    } else {
      bucket.flat = communicator.allocate(plan.elements[b], plan.dtypes[b]);
    }
    buckets_.push_back(std::move(bucket));
  }
  slices_ = plan.slices;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    slot.bucket = slices_[i].bucket;
    slot.view = view_like(slot.parameter, buckets_[slot.bucket].flat, slices_[i].offset);
    ++buckets_[slot.bucket].members;
    slot.parameter.mutable_grad() = slot.param->grad = slot.view;
  }
}

void Gradients::begin() {
  last_ = false;
  used_.assign(used_.size(), false);
  for (auto& bucket : buckets_) {
    bucket.arrived = 0;
    bucket.started = false;
  }
  for (auto& slot : slots_) {
    slot.arrived = false;
    slot.parameter.mutable_grad().reset();
    if (!slot.view.defined()) slot.param->grad.reset();
  }
}

void Gradients::expect_last() { last_ = true; }

void Gradients::complete() {
  for (auto& slot : slots_) {
    if (slot.view.defined()) {
      keep_in_bucket(slot);
    } else {
      const auto& gradient = slot.parameter.grad();
      slot.param->grad = !gradient.defined()    ? at::zeros_like(slot.parameter)
                         : gradient.is_sparse() ? gradient.to_dense()
                                                : gradient;
    }
  }
}

// Where `.grad` is not the view (the first of an update, after zero_grad(), or as backward() with create_graph leaves
// it), its value goes there.
void Gradients::keep_in_bucket(Slot& slot) {
  const dl::Tensor& gradient = slot.parameter.grad();
  if (is_view_of(gradient, slot.view)) return;
  const at::NoGradGuard no_grad;
  if (gradient.defined())
    slot.view.copy_(gradient.is_sparse() ? gradient.to_dense() : gradient);
  else
    slot.view.zero_();
  slot.parameter.mutable_grad() = slot.view;
}

void Gradients::arrived(size_t index, bool has_gradient) {
  Slot& slot = slots_[index];
  if (has_gradient) used_[index] = true;
  if (!slot.view.defined()) return;
  Bucket& bucket = buckets_[slot.bucket];
  keep_in_bucket(slot);
  if (!last_) return;
  if (slot.arrived) {
    if (!bucket.started) return;
    throw dl::Error(
        "parameter " + slot.param->name +
        " got a second gradient in one backward pass, after its first was sent to the other ranks (a nested "
        "backward pass does that); set engine.overlap = \"off\"");
  }
  slot.arrived = true;
  if (++bucket.arrived == bucket.members) bucket_filled_();
}

}  // namespace parallel
