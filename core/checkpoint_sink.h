#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "core/checkpoint_share.h"
#include "dl/tensor.h"

namespace dl::host {

/// Where the tensors of a checkpoint go. All ranks make the same calls, since a visit may move tensors between them;
/// each does something with its share of them.
class CheckpointSink {
 public:
  /// The metadata of each file.
  using Files = std::map<std::string, std::map<std::string, std::string>>;
  using Visitor = std::function<void(const std::string& file, const std::string& name, const Tensor& whole)>;
  /// Shows each tensor of the files, one at a time; each call shows the same.
  using Visit = std::function<void(const Visitor& visitor)>;
  virtual ~CheckpointSink() = default;
  virtual void add(const Files& files, const Visit& visit) = 0;
};

/// Writes this rank's share of them as safetensors files into a folder at once: no more than one tensor is held.
class FolderSink final : public CheckpointSink {
 public:
  FolderSink(std::filesystem::path folder, const CheckpointShare& share) : folder_(std::move(folder)), share_(share) {}
  void add(const Files& files, const Visit& visit) override;

 private:
  std::filesystem::path folder_;
  CheckpointShare share_;
};

}  // namespace dl::host
