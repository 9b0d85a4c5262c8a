#include "core/batch_plan.h"

#include <algorithm>
#include <numeric>

#include "dl/rng.h"

namespace dl::host {

int64_t BatchPlan::micro_batches() const {
  const int64_t width = batch_size * ranks;
  return drop_last ? samples / width : (samples + width - 1) / width;
}

int64_t BatchPlan::windows() const { return (micro_batches() + accumulation - 1) / accumulation; }

int64_t BatchPlan::micro_batches_in(int64_t window) const {
  return std::min(accumulation, micro_batches() - window * accumulation);
}

Slice BatchPlan::slice(int64_t micro_batch, int64_t rank) const {
  const int64_t begin = micro_batch * batch_size * ranks;
  const int64_t size = std::min(batch_size * ranks, samples - begin);
  const int64_t share = size / ranks;
  const int64_t more = size % ranks;  // the first `more` ranks have one sample more
  const int64_t own = begin + rank * share + std::min(rank, more);
  const int64_t count = share + (rank < more ? 1 : 0);
  if (count == 0) return {begin, begin + 1, true};
  return {own, own + count, false};
}

int64_t BatchPlan::samples_in(int64_t window) const {
  const int64_t width = batch_size * ranks;
  const int64_t first = window * accumulation;
  const int64_t end = std::min((first + micro_batches_in(window)) * width, samples);
  return end - first * width;
}

std::vector<int64_t> sample_order(int64_t samples, bool shuffle, uint64_t seed, int64_t epoch) {
  if (shuffle) return Rng(seed, "shuffle", static_cast<uint64_t>(epoch)).permutation(samples);
  std::vector<int64_t> order(static_cast<size_t>(samples));
  std::iota(order.begin(), order.end(), int64_t{0});
  return order;
}

}  // namespace dl::host
