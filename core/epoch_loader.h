#pragma once
#include <cstdint>
#include <vector>

#include "core/batch_plan.h"
#include "core/batch_source.h"
#include "core/prefetcher.h"

namespace dl::host {

/// This rank's windows of one training epoch, in order, made ahead by `workers` threads. What is in them is a function
/// of (seed, epoch, position) alone.
class EpochLoader {
 public:
  /// The epoch's order is of all samples of `source`; `plan` is of the part of it that begins after the first `skip`.
  EpochLoader(const BatchSource& source, const BatchPlan& plan, int64_t rank, bool shuffle, uint64_t seed,
              int64_t epoch, int64_t workers, int64_t skip = 0);

  int64_t windows() const { return plan_.windows(); }
  /// The micro-batches of the next window. Call at most windows() times.
  std::vector<Batch> next_window();

 private:
  BatchPlan plan_;
  std::vector<int64_t> order_;
  int64_t window_ = 0;
  Prefetcher batches_;
};

}  // namespace dl::host
