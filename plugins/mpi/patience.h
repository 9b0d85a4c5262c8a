#pragma once
#include <chrono>

namespace mpi {

/// How a rank looks for something that another process will write to shared memory. First it spins. Where ranks share
/// cores, it then gives its core to others between looks for some milliseconds. After that it sleeps between them, a
/// small part of what it has waited: a long wait costs no core and ends late by about a hundredth at most.
class Patience {
 public:
  /// `shared_cores`: there are more ranks than cores. Where there are not, a rank that gives way does so to a stranger,
  /// who may keep the core for milliseconds; one that sleeps gets it back when it wakes.
  explicit Patience(bool shared_cores) : yields_(shared_cores), looks_(shared_cores ? 20 : 2000) {}

  /// After a look that found nothing. True when it was no mere spin: time to look at clocks and at who is alive.
  bool wait() {
    if (looks_ > 0) {
      --looks_;
      relax();
      return false;
    }
    give_way();
    return true;
  }
  /// Seconds since the first wait() that returned true.
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
  void give_way();

  const bool yields_;
  int looks_;
  Clock::time_point began_{};
  std::chrono::duration<double> waited_{-1};
};

}  // namespace mpi
