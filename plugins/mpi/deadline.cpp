#include "deadline.h"

#include <chrono>

namespace mpi {

Deadline::Deadline(double seconds, std::function<void()> over)
    : thread_([this, over = std::move(over), limit = std::chrono::duration<double>(seconds)] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, limit, [this] { return done_; })) over();
      }) {}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace mpi
