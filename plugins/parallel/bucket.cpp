#include "bucket.h"

namespace parallel {

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
