#include "core/epoch_loader.h"

namespace dl::host {

EpochLoader::EpochLoader(const BatchSource& source, const BatchPlan& plan, int64_t rank, bool shuffle, uint64_t seed,
                         int64_t epoch, int64_t workers, int64_t skip)
    : plan_(plan),
      order_(sample_order(source.size(), shuffle, seed, epoch)),
      batches_(
          [this, &source, rank, epoch, skip](int64_t index) {
            const auto slice = plan_.slice(index, rank);
            const auto first = order_.begin() + skip;
            return source.make({first + slice.begin, first + slice.end}, epoch, slice.padding);
          },
          plan.micro_batches(), workers, source.device()) {}

std::vector<Batch> EpochLoader::next_window() {
  std::vector<Batch> window;
  for (int64_t left = plan_.micro_batches_in(window_++); left > 0; --left) window.push_back(batches_.next());
  return window;
}

}  // namespace dl::host
