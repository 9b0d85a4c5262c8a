#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <thread>

namespace dl::host {

/// One piece of work after the other on a thread of its own, whose priority is lower than the caller's: where there are
/// no more cores than ranks, the training steps go first. Its calls are for one thread.
class BackgroundWork {
 public:
  BackgroundWork() = default;
  /// Waits.
  ~BackgroundWork();
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;

  /// Begins with `work`. Only after the one before was taken.
  void start(std::function<void()> work);
  bool busy() const { return thread_.joinable(); }
  /// It began and has ended, well or not.
  bool done() const { return busy() && done_; }
  /// Waits for it, if it began; throws what it threw.
  void take();

 private:
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::exception_ptr failure_;
};

}  // namespace dl::host
