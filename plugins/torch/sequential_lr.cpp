#include "sequential_lr.h"

#include <algorithm>

namespace pytorch {

dl::Schema<SequentialLR::Options> SequentialLR::schema() {
  return dl::Schema<Options>(
             "Schedules one after the other, such as a warm-up and a decay (torch.optim.lr_scheduler.SequentialLR).")
      .field("schedulers", &Options::schedulers, "the schedules, in order: [{ type = \"torch.LinearLR\" }, …]")
      .field("milestones", &Options::milestones, "counts at which the next one begins", dl::at_least(1));
}

SequentialLR::SequentialLR(const Options& options) : options_(options) {
  const auto& milestones = options_.milestones;
  if (options_.schedulers.empty()) throw dl::Error("\"schedulers\" must have one schedule at least");
  if (milestones.size() + 1 != options_.schedulers.size())
    throw dl::Error("\"milestones\" must have one count less than there are schedulers, found " +
                    std::to_string(milestones.size()) + " for " + std::to_string(options_.schedulers.size()));
  if (std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) != milestones.end())
    throw dl::Error("\"milestones\" must rise from one to the next");
}

dl::Rate SequentialLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const auto& milestones = options_.milestones;
  const auto next = std::upper_bound(milestones.begin(), milestones.end(), progress.count);
  const int64_t begin = next == milestones.begin() ? 0 : *(next - 1);
  auto own = progress;
  own.count -= begin;
  own.total_count = next == milestones.end() ? std::max<int64_t>(progress.total_count - begin, 0) : *next - begin;
  return options_.schedulers[static_cast<size_t>(next - milestones.begin())].scheduler->at(base, own);
}

}  // namespace pytorch
