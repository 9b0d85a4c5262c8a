#include "core/step_times.h"

#include <algorithm>
#include <cmath>

namespace dl::host {
namespace {

/// Linear between the two nearest ranks, as numpy.quantile's default.
double quantile(const std::vector<float>& sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

}  // namespace

void StepTimes::step_done(Clock::time_point now) {
  if (running_ && seen_ >= kWarmUp) {
    const float seconds = std::chrono::duration<float>(now - last_).count();
    if (seconds_.size() < kKept)
      seconds_.push_back(seconds);
    else
      seconds_[static_cast<size_t>(counted_) % kKept] = seconds;
    ++counted_;
  }
  ++seen_;
  running_ = true;
  last_ = now;
}

StepTimes::Summary StepTimes::summary() const {
  if (seconds_.empty()) return {};
  auto sorted = seconds_;
  std::sort(sorted.begin(), sorted.end());
  return {quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9), counted_};
}

}  // namespace dl::host
