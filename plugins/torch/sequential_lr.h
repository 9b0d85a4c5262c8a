#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"
#include "sequential_part.h"

namespace pytorch {

/// torch.optim.lr_scheduler.SequentialLR: schedules one after the other, each of which counts from its own beginning. A
/// warm-up, for one: [LinearLR, CosineAnnealingLR], milestones = [5]. A part that is to fill "the whole run"
/// (CosineAnnealingLR without T_max) fills its part of it.
class SequentialLR : public dl::Scheduler {
 public:
  struct Options {
    std::vector<SequentialPart> schedulers;
    std::vector<int64_t> milestones;
  };
  static dl::Schema<Options> schema();
  /// Throws Error where there is no schedule, milestones don't rise, or their number is not one less.
  explicit SequentialLR(const Options& options);
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
