#pragma once
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "core/checkpoint_folder.h"

namespace dl::host {

/// Fills and seals one checkpoint folder after the other on a thread of its own. Its other calls are for one thread.
class CheckpointWriter {
 public:
  CheckpointWriter() = default;
  /// Waits; what was not committed is gone.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Begins with `fill`, which writes the files into folder.path(). Only after the one before was taken.
  void start(CheckpointFolder folder, std::function<void(const std::filesystem::path&)> fill);
  bool busy() const { return thread_.joinable(); }
  /// It began and has ended, well or not.
  bool done() const { return busy() && done_; }
  /// Waits for it and returns the sealed folder; throws what writing it threw (then nothing of it is left).
  CheckpointFolder take();

 private:
  std::optional<CheckpointFolder> folder_;
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::exception_ptr failure_;
};

}  // namespace dl::host
