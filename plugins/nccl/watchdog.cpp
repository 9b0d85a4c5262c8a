#include "watchdog.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "dl/error.h"

namespace nccl {

Watchdog::Watchdog(std::string who, double timeout_s, Calls calls)
    : who_(std::move(who)), timeout_(timeout_s), calls_(std::move(calls)), thread_([this] { look(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void Watchdog::watch(Call call, std::function<bool()> done) {
  std::lock_guard lock(mutex_);
  if (under_way_.empty()) began_ = Clock::now();
  under_way_.push_back({std::move(call), std::move(done)});
}

bool Watchdog::well() const {
  std::lock_guard lock(mutex_);
  return failure_.empty();
}

void Watchdog::must_be_well(const Call& call) const {
  std::lock_guard lock(mutex_);
  if (!failure_.empty())
    throw dl::Error(who_ + ": " + numbered_name(call) + " can't be done after one that failed: " + failure_);
}

void Watchdog::fail(const std::string& text) {
  std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = text;
}

// Without the lock where others are asked: they may wait, and the training thread must not wait for them.
std::string Watchdog::trouble() {
  for (;;) {
    Call call;
    std::function<bool()> done;
    Clock::time_point began;
    {
      std::lock_guard lock(mutex_);
      if (under_way_.empty()) {
        call.operation = nullptr;
      } else {
        call = under_way_.front().call;
        done = under_way_.front().done;  // only this thread takes it away
        began = began_;
      }
    }
    const auto in = call.operation ? numbered_name(call) : "no call under way";
    try {
      if (const auto text = calls_.failure(); !text.empty()) return who_ + ": " + in + ": " + text;
      if (!call.operation) return "";
      if (!done()) {
        const std::chrono::duration<double> waited = Clock::now() - began;
        if (waited < timeout_) return "";
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.1f", waited.count());
        return who_ + ": " + in + " has not finished after " + seconds +
               " s: another rank has died, hangs or went another way (the last call that finished here: " +
               (last_done_.number ? numbered_name(last_done_) : "none") +
               "). If ranks may be this far apart, raise [engine] timeout_s.";
      }
    } catch (const std::exception& error) {
      return who_ + ": " + in + " failed: " + error.what();
    }
    std::lock_guard lock(mutex_);
    last_done_ = std::move(call);
    under_way_.pop_front();
    began_ = Clock::now();
  }
}

void Watchdog::look() {
  const std::chrono::duration<double> period(std::clamp(timeout_.count() / 10, 0.01, 0.2));
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stopped_.wait_for(lock, period, [this] { return stop_; })) return;
      if (!failure_.empty()) return;
    }
    const auto text = trouble();
    if (text.empty()) continue;
    fail(text);
    calls_.give_up(text);
    return;
  }
}

}  // namespace nccl
