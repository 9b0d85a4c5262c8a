#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dl/tensor.h"

namespace dl::host {

/// What of a checkpoint this rank writes: all, nothing, or its rows (dimension 0) of each tensor.
struct CheckpointShare {
  std::vector<int> ranks = {0};  ///< of the run, that share a folder; the first of them makes it
  int index = 0;                 ///< of this rank among them
  bool sharded = false;          ///< each of them writes; else the first alone

  /// Of `rank`, which is one of `ranks`.
  static CheckpointShare of(std::vector<int> ranks, int rank, bool sharded);
  bool leads() const { return index == 0; }
  bool writes() const { return leads() || sharded; }
  bool apart() const { return sharded && ranks.size() > 1; }

  struct Part {
    Tensor tensor;  ///< a view
    int64_t first_row = 0;
    /// Where it begins in the whole, by dimension.
    std::vector<int64_t> offsets() const;
  };
  /// Of a tensor of the checkpoint, whole; nothing where another rank writes it. The first rank's parts are the
  /// largest, and it has what is too small to be cut.
  std::optional<Part> part(const Tensor& whole) const;

  /// Of the tensors of `file`: its own name, where ranks write apart.
  std::string file_name(const std::string& file) const;
  /// What a shard says of itself beside `metadata`, for PyTorch's HuggingFaceStorageReader: where in the whole each
  /// tensor of it begins (torch/distributed/checkpoint/_hf_utils.py, DCP_SHARDING_INFO). Unchanged for whole files.
  std::map<std::string, std::string> metadata_of(std::map<std::string, std::string> metadata,
                                                 const std::map<std::string, std::vector<int64_t>>& offsets) const;
  /// Whether this rank writes that file of the folder.
  bool owns(const std::string& file) const;
};

/// The metadata's key for it.
inline constexpr const char* kShardingInfo = "DCP_SHARDING_INFO";
inline constexpr const char* kShardOffsets = "saved_offsets";

}  // namespace dl::host
