#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "dl/data.h"

namespace dl::host {

/// Makes batches 0, 1, 2, … count-1 ahead of their use, on `workers` threads, and hands them out in order. With no
/// worker a batch is made when it is asked for. An exception in `make` is thrown by the next() that would have returned
/// the batch.
class Prefetcher {
 public:
  using Make = std::function<Batch(int64_t index)>;
  Prefetcher(Make make, int64_t count, int64_t workers);
  ~Prefetcher();  ///< joins the workers; batches under way are finished and dropped
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next batch, in order; call at most `count` times. One thread.
  Batch next();

 private:
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };
  void work();

  Make make_;
  int64_t count_;
  int64_t next_ = 0;     ///< to hand out
  int64_t claimed_ = 0;  ///< to make
  std::vector<Slot> ring_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable ready_, free_;
  std::vector<std::thread> threads_;
};

}  // namespace dl::host
