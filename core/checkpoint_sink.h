#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "core/checkpoint_share.h"
#include "dl/tensor.h"

namespace dl::host {

/// Where the tensors of a checkpoint go, file by file. All ranks make the same calls, since a visit may move tensors
/// between them; each does something with its share of them.
class CheckpointSink {
 public:
  using Visitor = std::function<void(const std::string& name, const Tensor& whole)>;
  /// Shows each tensor of a file, one at a time; each call shows the same.
  using Visit = std::function<void(const Visitor& visitor)>;
  virtual ~CheckpointSink() = default;
  virtual void add(const std::string& file, const std::map<std::string, std::string>& metadata, const Visit& visit) = 0;
};

/// Writes this rank's share of them as safetensors files into a folder at once: no more than one tensor is held.
class FolderSink final : public CheckpointSink {
 public:
  FolderSink(std::filesystem::path folder, const CheckpointShare& share) : folder_(std::move(folder)), share_(share) {}
  void add(const std::string& file, const std::map<std::string, std::string>& metadata, const Visit& visit) override;

 private:
  std::filesystem::path folder_;
  CheckpointShare share_;
};

}  // namespace dl::host
