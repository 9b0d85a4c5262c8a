#pragma once
#include <chrono>

namespace mpi {

/// How a rank looks for something that another process will write to shared memory. First it spins; then it gives its
/// core to others between looks; and after some milliseconds it sleeps between them, a small part of what it has
/// waited, so that a long wait costs no core and ends late by about a hundredth at most.
class Patience {
 public:
  /// `looks`: how often to look before giving way; few where ranks share cores.
  explicit Patience(int looks) : looks_(looks) {}

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

  int looks_;
  Clock::time_point began_{};
  std::chrono::duration<double> waited_{-1};
};

}  // namespace mpi
