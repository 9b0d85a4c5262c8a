#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/batch_upload.h"
#include "dl/data.h"

namespace dl::host {

/// Makes batches 0, 1, 2, … count-1 ahead of their use, on `workers` threads, and hands them out in order, on `device`.
/// With no worker a batch is made when it is asked for. An exception in `make` is thrown by the next() that would have
/// returned the batch. On a GPU the copy of a batch that is made already is under way while the one before it is used.
class Prefetcher {
 public:
  using Make = std::function<Batch(int64_t index)>;
  /// `make` gives batches on the CPU, for a GPU in pinned memory.
  Prefetcher(Make make, int64_t count, int64_t workers, at::Device device = at::kCPU);
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
  Batch made();          ///< the next one, on the CPU
  bool is_made() const;  ///< whether made() would neither wait nor throw

  Make make_;
  int64_t count_;
  int64_t next_ = 0;     ///< to hand out
  int64_t claimed_ = 0;  ///< to make
  std::vector<Slot> ring_;
  bool stop_ = false;
  mutable std::mutex mutex_;
  std::condition_variable ready_, free_;
  std::optional<BatchUpload> upload_;  ///< none: the CPU
  std::vector<std::thread> threads_;
};

}  // namespace dl::host
