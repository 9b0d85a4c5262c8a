#pragma once
#include <chrono>

namespace mpi {

/// How a rank looks for something that another process will write to shared memory, or send. First it spins: about
/// twice as long as a sleep takes at least, so that ranks that are nearly in step never sleep. Where ranks share cores,
/// it spins less, and then gives its core to others between looks for some milliseconds. After that it sleeps between
/// them, a small part of what it has waited: a long wait costs no core and ends late by about a hundredth at most.
class Patience {
 public:
  /// `shared_cores`: there are more ranks than cores. Where there are not, a rank that gives way does so to a stranger,
  /// who may keep the core for milliseconds; one that sleeps gets it back when it wakes.
  explicit Patience(bool shared_cores) : yields_(shared_cores) {}

  /// After a look that found nothing. True when it was no mere spin: time to look at clocks and at who is alive.
  bool wait() {
    if (spins_) {
      relax();
      if (++looks_ % kLooksAtOnce == 0) spins_ = goes_on_spinning();
      return false;
    }
    give_way();
    return true;
  }
  /// Seconds, about, since the first wait().
  double waited() const { return waited_.count(); }

 private:
  using Clock = std::chrono::steady_clock;
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
  }
  static constexpr int kLooksAtOnce = 20;
  bool goes_on_spinning();
  void give_way();

  const bool yields_;
  bool spins_ = true;
  int looks_ = 0;
  Clock::time_point began_{};  // at the first look at the clock
  std::chrono::duration<double> waited_{0};
};

}  // namespace mpi
