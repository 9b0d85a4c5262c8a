#include "core/optimizer_slot.h"

namespace dl::host {

Rate OptimizerSlot::rate(Progress progress) const {
  const auto base = optimizer->base_rate();
  if (!scheduler) return base;
  progress.count = (by_epoch ? progress.epoch : progress.step) / frequency;
  progress.total_count = (by_epoch ? progress.total_epochs : progress.total_steps) / frequency;
  progress.state = scheduler_state;
  return scheduler->at(base, progress);
}

}  // namespace dl::host
