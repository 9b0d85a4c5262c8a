#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace dl::host {

/// How a child process ended.
struct ProbeResult {
  enum class End { finished, exited, signalled, timed_out };
  End end = End::finished;
  int code = 0;         ///< exited: the exit code; signalled: the signal
  std::string report;   ///< all that `work` sent, also where it ended badly later
  std::string printed;  ///< what it wrote to stdout and stderr
  /// "ended with signal 11 (Segmentation fault)", …
  std::string text() const;
};

/// Runs `work` in a forked child: a crash, an exit or an endless loop in it is a result, not our end. `send` carries
/// text to `report` at once. `finished` means that `work` returned; an exception that leaves it is `exited` with its
/// text in `printed`. The child inherits this thread only: fork before other threads hold locks that `work` needs.
/// Throws Error where no child can be made.
using Send = std::function<void(std::string_view)>;
ProbeResult probe(const std::function<void(const Send& send)>& work,
                  std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace dl::host
