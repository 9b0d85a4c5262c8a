#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/console.h"
#include "dl/logger.h"

namespace dl::host {

/// A logger and how messages call it: "mlflow.MLFlowLogger".
struct NamedLogger {
  std::string name;
  std::shared_ptr<Logger> logger;
};

/// Hands events to loggers from one thread of its own: open(), then batches, then close(). What a logger doesn't
/// acknowledge is offered to it again. A logger that throws is reported once and left out from then on.
class LoggerFeed {
 public:
  struct Limits {
    std::size_t batch = 1000;              ///< events in one write()
    std::size_t pending_events = 100'000;  ///< kept for a logger that lags; beyond it the oldest are dropped for it
    int64_t pending_bytes = int64_t{256} << 20;  ///< the same for the tensors in them
    std::chrono::milliseconds retry{1000};       ///< until unacknowledged events are offered again
    std::chrono::milliseconds close{30'000};     ///< for finish() in all
  };

  /// `console` must live until the destructor has returned.
  LoggerFeed(RunInfo run, std::vector<NamedLogger> loggers, Console& console, Limits limits);
  ~LoggerFeed();
  LoggerFeed(const LoggerFeed&) = delete;
  LoggerFeed& operator=(const LoggerFeed&) = delete;

  /// Events that are in the journal, in order. Never waits for a logger. Any thread.
  void offer(std::vector<Event> events);
  /// Hands on what is left, closes the loggers with `status` and ends the thread; a second call does nothing. A logger
  /// that is still busy at the deadline is named on the console and left behind in its thread, which may then live as
  /// long as the process: end that with _exit where it matters.
  void finish(const std::string& status);

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  ///< shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace dl::host
