#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace mpi {

/// Calls `over`, on a thread of its own, unless it is destroyed within `seconds`: for MPI's own calls, which can't be
/// told to give up. `over` should end the process.
class Deadline {
 public:
  Deadline(double seconds, std::function<void()> over);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace mpi
