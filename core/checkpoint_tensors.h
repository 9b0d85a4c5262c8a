#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/safetensors_file.h"
#include "core/weights_file.h"

namespace dl::host {

/// The tensors of one file of a checkpoint, such as "model.safetensors", whole: from that file, or from the shards that
/// ranks wrote in its place. All that the files say of themselves is checked when they are opened. Reading is thread
/// safe.
class CheckpointTensors {
 public:
  /// Throws Error where the file is not there, a shard is missing, or the shards' rows leave gaps or overlap.
  CheckpointTensors(const std::filesystem::path& folder, const std::string& file);
  static bool exists(const std::filesystem::path& folder, const std::string& file);

  /// The file that it would be in one.
  const std::filesystem::path& path() const { return path_; }
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(const std::string& name) const { return index_.count(name) != 0; }
  /// Throws Error where there is none of that name.
  const StoredTensor& entry(const std::string& name) const;
  /// A new contiguous CPU tensor of the stored type and shape.
  Tensor read(const std::string& name) const;

 private:
  struct Rows {
    size_t shard = 0;
    int64_t first = 0, count = 0;
  };
  void add(size_t shard);
  void check();

  std::filesystem::path path_;
  std::vector<SafetensorsFile> shards_;
  std::vector<StoredTensor> tensors_;
  std::vector<std::vector<Rows>> rows_;  ///< of tensors_, from the first on
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace dl::host
