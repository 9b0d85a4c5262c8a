#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/checkpoint_sink.h"

namespace dl::host {

/// A copy of this rank's share of a checkpoint in memory, from which it is written while the training goes on. The
/// memory is kept for the next one. gather on the training thread; write() on any, but not at the same time.
class CheckpointSnapshot final : public CheckpointSink {
 public:
  /// `limit`: most bytes that a rank may hold.
  CheckpointSnapshot(int64_t limit, const CheckpointShare& share) : limit_(limit), share_(share), first_(share) {
    first_.index = 0;
  }

  /// Forgets what it holds, but for the memory.
  void clear();
  void add(const Files& files, const Visit& visit) override;
  /// False once a rank would have held more than `limit`: then it holds nothing. The same on all ranks.
  bool fits() const { return bytes_ <= limit_; }
  /// Of the rank that holds most.
  int64_t bytes() const { return bytes_; }

  /// The safetensors files, into `folder`.
  void write(const std::filesystem::path& folder) const;

 private:
  struct File {
    std::map<std::string, std::string> metadata;
    std::map<std::string, std::vector<int64_t>> offsets;
    std::vector<NamedTensor> tensors;
  };
  Tensor copy_of(const std::string& key, const Tensor& whole);

  int64_t limit_;
  CheckpointShare share_;
  CheckpointShare first_;  ///< the first rank's
  int64_t bytes_ = 0;
  std::map<std::string, File> files_;
  std::map<std::string, Tensor> memory_;  ///< by "file/name"
};

}  // namespace dl::host
