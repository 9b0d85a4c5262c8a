#pragma once
/// Which samples are in which micro-batch of which rank: pure functions, no state.
#include <cstdint>
#include <vector>

namespace dl::host {

/// Positions [begin, end) of the epoch's order. `padding`: the rank has none and computes on them for company only.
struct Slice {
  int64_t begin = 0, end = 0;
  bool padding = false;
  int64_t size() const { return end - begin; }
};

/// How an epoch of `samples` is cut: windows of `accumulation` micro-batches of `batch_size` × `ranks` consecutive
/// samples, of which rank r has the r-th part. The last, smaller micro-batch is dealt out as evenly as can be, or
/// dropped.
struct BatchPlan {
  int64_t samples = 0;
  int64_t batch_size = 1;  ///< a rank
  int64_t ranks = 1;
  int64_t accumulation = 1;
  bool drop_last = false;

  int64_t micro_batches() const;
  int64_t windows() const;
  /// Micro-batches of window `window`: accumulation, or fewer in the last.
  int64_t micro_batches_in(int64_t window) const;
  /// The part of micro-batch `micro_batch` (counted over the epoch) that is `rank`'s.
  Slice slice(int64_t micro_batch, int64_t rank) const;
  /// Samples of all ranks in window `window`.
  int64_t samples_in(int64_t window) const;
};

/// The order of an epoch's samples: a permutation that is a pure function of (seed, epoch, samples), or 0, 1, 2, ….
std::vector<int64_t> sample_order(int64_t samples, bool shuffle, uint64_t seed, int64_t epoch);

}  // namespace dl::host
