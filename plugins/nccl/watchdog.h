#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "call.h"

namespace nccl {

/// Looks after collectives that run on a device one after another: one that takes longer than `timeout_s`, or a failure
/// that comes by itself, is put in words, once, and handed to `give_up`. Its thread polls.
class Watchdog {
 public:
  struct Calls {
    std::function<std::string()> failure;                  ///< that came by itself; "" where there is none
    std::function<void(const std::string& text)> give_up;  ///< once, on the watchdog's thread
  };
  /// `who` names this rank in messages.
  Watchdog(std::string who, double timeout_s, Calls calls);
  /// Stops looking, whatever is under way.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// `call` was put on the device, after those before it. `done` is asked on the watchdog's thread; what it throws is a
  /// failure.
  void watch(Call call, std::function<bool()> done);
  /// Throws dl::Error where something has failed before `call`.
  void must_be_well(const Call& call) const;
  bool well() const;
  /// Keeps the text of a failure that the caller has seen itself; nothing further is looked after.
  void fail(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    Call call;
    std::function<bool()> done;
  };
  void look();
  std::string trouble();

  const std::string who_;
  const std::chrono::duration<double> timeout_;
  const Calls calls_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::string failure_;
  std::deque<Watched> under_way_;
  Call last_done_;
  Clock::time_point began_;  // the first of those under way became the first
  std::thread thread_;
};

}  // namespace nccl
