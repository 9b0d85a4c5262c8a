#pragma once
#include <cstdint>

#include "core/settings.h"

namespace dl::host {

/// When to validate. A pure function of where the run is; minutes are the caller's, since ranks must agree on them.
class ValidationSchedule {
 public:
  explicit ValidationSchedule(const TrainSettings& train)
      : epochs_(train.val_every_n_epoch), steps_(train.val_every_n_step), fraction_(train.val_every_fraction) {}

  /// After a step. `step`: steps done in the run; `window` of `windows`: steps done in this epoch. Never at the end of
  /// an epoch, which after_epoch() answers.
  bool after_step(int64_t step, int64_t window, int64_t windows) const;
  /// After `epochs` whole epochs, the last of them of `windows` steps.
  bool after_epoch(int64_t epochs, int64_t step, int64_t windows) const;

 private:
  bool by_step(int64_t step, int64_t window, int64_t windows) const;
  int64_t epochs_, steps_;
  double fraction_;
};

}  // namespace dl::host
