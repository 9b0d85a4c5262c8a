#include "core/validation_schedule.h"

#include <cmath>

namespace dl::host {

bool ValidationSchedule::by_step(int64_t step, int64_t window, int64_t windows) const {
  if (steps_ > 0 && step % steps_ == 0) return true;
  if (fraction_ <= 0) return false;
  // The k-th validation of an epoch comes after the step with which k × fraction of it is done.
  const auto parts_done = [&](int64_t done) {
    return std::floor(static_cast<double>(done) / (fraction_ * static_cast<double>(windows)) + 1e-9);
  };
  return parts_done(window) > parts_done(window - 1);
}

bool ValidationSchedule::after_step(int64_t step, int64_t window, int64_t windows) const {
  return window < windows && by_step(step, window, windows);
}

bool ValidationSchedule::after_epoch(int64_t epochs, int64_t step, int64_t windows) const {
  return (epochs_ > 0 && epochs % epochs_ == 0) || by_step(step, windows, windows);
}

}  // namespace dl::host
