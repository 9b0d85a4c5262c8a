#include "watchdog.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace mpi {

Watchdog::Watchdog(std::string who, double timeout_s, std::function<void()> give_up)
    : who_(std::move(who)), timeout_(timeout_s), give_up_(std::move(give_up)), thread_([this] { look(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void Watchdog::called(const Call& call) {
  std::lock_guard lock(mutex_);
  what_ = call.what;
  call_ = {call.operation, what_, call.number};
  began_ = Clock::now();
  watching_ = true;
}

void Watchdog::returned() {
  std::lock_guard lock(mutex_);
  watching_ = false;
}

// Polls, so that a call costs a lock and no wake-up.
void Watchdog::look() {
  const std::chrono::duration<double> period(std::clamp(timeout_.count() / 10, 0.01, 1.0));
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, period, [this] { return stop_; })) {
    if (!watching_) continue;
    const std::chrono::duration<double> waited = Clock::now() - began_;
    if (waited < timeout_) continue;
    std::fprintf(stderr,
                 "%s: %s has not returned after %.1f s: another rank has died, hangs or went "
                 "another way; ending all ranks. If ranks may be this far apart, raise [engine] timeout_s.\n",
                 who_.c_str(), numbered_name(call_).c_str(), waited.count());
    give_up_();
    return;
  }
}

}  // namespace mpi
