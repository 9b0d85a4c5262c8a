#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/checkpoint_sink.h"

namespace dl::host {

/// A copy of a checkpoint's tensors in memory, from which it is written while the training goes on. The memory is kept
/// for the next one. gather on the training thread; write() on any, but not at the same time.
class CheckpointSnapshot final : public CheckpointSink {
 public:
  /// `limit`: most bytes to hold. `keeps`: false on ranks that only take part, and count.
  CheckpointSnapshot(int64_t limit, bool keeps) : limit_(limit), keeps_(keeps) {}

  /// Forgets what it holds, but for the memory.
  void clear();
  void add(const std::string& file, const std::map<std::string, std::string>& metadata, const Visit& visit) override;
  /// False once more than `limit` would have been held: then it holds nothing. The same on all ranks.
  bool fits() const { return bytes_ <= limit_; }
  int64_t bytes() const { return bytes_; }

  /// The safetensors files, into `folder`.
  void write(const std::filesystem::path& folder) const;

 private:
  struct File {
    std::map<std::string, std::string> metadata;
    std::vector<NamedTensor> tensors;
  };
  Tensor copy_of(const std::string& key, const Tensor& whole);

  int64_t limit_;
  bool keeps_;
  int64_t bytes_ = 0;
  std::map<std::string, File> files_;
  std::map<std::string, Tensor> memory_;  ///< by "file/name"
};

}  // namespace dl::host
