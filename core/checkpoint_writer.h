#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <thread>

#include "core/checkpoint_manifest.h"

namespace dl::host {

/// Writes a rank's files of one checkpoint after the other on a thread of its own. Its other calls are for one thread.
class CheckpointWriter {
 public:
  CheckpointWriter() = default;
  /// Waits.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Begins with `write`, which brings files to the disk and lists them. Only after the one before was taken.
  void start(std::function<CheckpointManifest()> write);
  bool busy() const { return thread_.joinable(); }
  /// It began and has ended, well or not.
  bool done() const { return busy() && done_; }
  /// Waits for it and returns the list; throws what writing threw.
  CheckpointManifest take();

 private:
  CheckpointManifest written_;
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::exception_ptr failure_;
};

}  // namespace dl::host
