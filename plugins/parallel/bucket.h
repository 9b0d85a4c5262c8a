#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dl/tensor.h"
#include "reduction_queue.h"

namespace parallel {

/// Gradients that travel together, kept whole on each rank.
struct Bucket final : Reduction {
  std::string what;  ///< in messages
  dl::Tensor flat;
  dl::Tensor wire;       ///< what travels, where that is of another dtype than `flat`; undefined otherwise
  size_t members = 0;    ///< parameters whose gradients lie in it
  size_t arrived = 0;    ///< of them, those whose gradient is complete
  bool started = false;  ///< its all-reduce is under way or done

  bool full() const override { return arrived == members; }
  std::function<void(dl::Communicator&)> start() override;
};

/// Where a parameter's gradient lies.
struct Slice {
  size_t bucket = 0;
  int64_t offset = 0;  ///< in elements, a multiple of kSliceAlignment
};

/// Fused kernels differ in the last bit between an aligned and an unaligned tail.
inline constexpr int64_t kSliceAlignment = 64;

struct BucketPlan {
  std::vector<int64_t> elements;       ///< by bucket, padding included
  std::vector<at::ScalarType> dtypes;  ///< by bucket
  std::vector<Slice> slices;           ///< by parameter
};

/// Deals parameters into buckets from the last one back: gradients become ready about in that order. A bucket is closed
/// once it holds `bytes` (the first one `first_bytes`, so that communication begins early) or the dtype changes, as in
/// PyTorch's compute_bucket_assignment_by_size.
BucketPlan plan_buckets(std::span<const dl::Tensor> parameters, int64_t first_bytes, int64_t bytes);

/// The part of `flat` from `offset` on, laid out as `parameter` is (autograd and fused optimizers want equal strides).
dl::Tensor view_like(const dl::Tensor& parameter, const dl::Tensor& flat, int64_t offset);

}  // namespace parallel
