#include "gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>

#include <algorithm>

#include "dl/error.h"

namespace parallel {

namespace {

constexpr int64_t kFirstBucketBytes = 1 << 20;  // PyTorch's kDefaultFirstBucketBytes

bool is_view_of(const dl::Tensor& gradient, const dl::Tensor& view) {
  return gradient.defined() && gradient.layout() == at::kStrided && gradient.data_ptr() == view.data_ptr();
}

}  // namespace

// Called by autograd after a parameter's gradient was added up.
class Gradients::ArrivalHook : public torch::autograd::FunctionPostHook {
 public:
  ArrivalHook(Gradients& gradients, size_t index) : gradients_(gradients), index_(index) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list& inputs) override {
    gradients_.arrived(index_, inputs.at(0).defined());
    return outputs;
  }

 private:
  Gradients& gradients_;
  const size_t index_;
};

Gradients::Gradients(const std::string& network, std::vector<dl::Tensor> parameters, std::span<dl::Param> params,
                     int64_t bucket_bytes, std::optional<at::ScalarType> wire, dl::Communicator& communicator,
                     std::function<void()> bucket_filled)
    : used_(parameters.size()), bucket_filled_(std::move(bucket_filled)) {
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
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Slice& slice = plan.slices[i];
    Slot slot;
    slot.name = params[i].name;
    slot.parameter = parameters[i];
    slot.bucket = slice.bucket;
    slot.view = view_like(slot.parameter, buckets_[slice.bucket].flat, slice.offset);
    ++buckets_[slice.bucket].members;
    slot.parameter.mutable_grad() = params[i].grad = slot.view;
    slot.accumulator = torch::autograd::impl::grad_accumulator(slot.parameter);
    slot.hook = slot.accumulator->add_post_hook(std::make_unique<ArrivalHook>(*this, i));
    slots_.push_back(std::move(slot));
  }
}

Gradients::~Gradients() {
  // A graph that is still alive may hold the accumulators.
  for (auto& slot : slots_) slot.accumulator->del_post_hook(slot.hook);
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
  }
}

void Gradients::expect_last() { last_ = true; }

void Gradients::complete() {
  for (auto& slot : slots_) keep_in_bucket(slot);
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
  Bucket& bucket = buckets_[slot.bucket];
  keep_in_bucket(slot);
  if (has_gradient) used_[index] = true;
  if (!last_) return;
  if (slot.arrived) {
    if (!bucket.started) return;
    throw dl::Error(
        "parameter " + slot.name +
        " got a second gradient in one backward pass, after its first was sent to the other ranks (a nested "
        "backward pass does that); set engine.overlap = \"off\"");
  }
  slot.arrived = true;
  if (++bucket.arrived == bucket.members) bucket_filled_();
}

}  // namespace parallel
