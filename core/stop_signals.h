#pragma once
#include <csignal>
#include <string>

namespace dl::host {

/// While it lives, SIGUSR1, SIGTERM and SIGINT ask this process to save and stop instead of ending it; a second SIGTERM
/// or SIGINT ends it. One object a process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// The first signal that came, or 0. Any thread.
  static int received();
  /// "SIGUSR1".
  static std::string name(int signal);

 private:
  struct sigaction usr1_, term_, int_;  // as they were
};

}  // namespace dl::host
