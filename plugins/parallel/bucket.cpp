#include "bucket.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/as_strided.h>
#include <ATen/record_function.h>

namespace parallel {

std::function<void(dl::Communicator&)> Bucket::start() {
  started = true;
  return [flat = flat, wire = wire, what = what](dl::Communicator& communicator) mutable {
    RECORD_USER_SCOPE("all_reduce " + what);  // in traces
    if (!wire.defined()) return communicator.all_reduce(flat, dl::ReduceOp::sum, what);
    const at::NoGradGuard no_grad;
    wire.copy_(flat);
    communicator.all_reduce(wire, dl::ReduceOp::sum, what);
    flat.copy_(wire);
  };
}

dl::Tensor view_like(const dl::Tensor& parameter, const dl::Tensor& flat, int64_t offset) {
  if (parameter.is_non_overlapping_and_dense())
    return flat.as_strided(parameter.sizes(), parameter.strides(), flat.storage_offset() + offset);
  return flat.narrow(0, offset, parameter.numel()).view(parameter.sizes());
}

BucketPlan plan_buckets(std::span<const dl::Tensor> parameters, int64_t first_bytes, int64_t bytes) {
  BucketPlan plan;
  plan.slices.resize(parameters.size());
  bool closed = true;
  for (size_t i = parameters.size(); i-- > 0;) {
    const auto& parameter = parameters[i];
    if (closed || plan.dtypes.back() != parameter.scalar_type()) {
      plan.elements.push_back(0);
      plan.dtypes.push_back(parameter.scalar_type());
    }
    int64_t& elements = plan.elements.back();
    plan.slices[i] = {plan.elements.size() - 1, elements};
    elements += (parameter.numel() + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
    const int64_t limit = plan.elements.size() == 1 ? first_bytes : bytes;
    closed = elements * static_cast<int64_t>(parameter.element_size()) >= limit;
  }
  return plan;
}

}  // namespace parallel
