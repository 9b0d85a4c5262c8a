#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dl::host {

/// How long a run's training steps took, each from the end of the one before it: with the loading of its batch and with
/// logging, without what lies between epochs. The first 5 steps of the run and the first of each epoch are left out;
/// of the others the last 10,000 are kept. One thread.
class StepTimes {
 public:
  using Clock = std::chrono::steady_clock;
  /// Seconds; all 0 where no step was counted. The tenth of the steps took at most p10, nine tenths at most p90.
  struct Summary {
    double median = 0, p10 = 0, p90 = 0;
    int64_t steps = 0;  ///< that were counted
  };

  /// An epoch begins, or goes on after a validation: the time until the end of its first step is not a step's.
  void begin_epoch() { running_ = false; }
  void step_done(Clock::time_point now = Clock::now());
  Summary summary() const;

 private:
  static constexpr int64_t kWarmUp = 5;
  static constexpr size_t kKept = 10'000;
  bool running_ = false;
  Clock::time_point last_;
  int64_t seen_ = 0, counted_ = 0;
  std::vector<float> seconds_;  // a ring once it is full
};

}  // namespace dl::host
