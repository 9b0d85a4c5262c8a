#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace dl::host {

/// The whole checkpoints in `parent` (folders with a manifest), sorted by name; empty where there is no such folder.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& parent);

/// What is in a run's checkpoints folder.
struct FoundCheckpoints {
  std::vector<std::filesystem::path> whole;                              ///< the newest first, by their state.json
  std::vector<std::pair<std::filesystem::path, std::string>> not_whole;  ///< with what is wrong, in words
};
FoundCheckpoints find_checkpoints(const std::filesystem::path& parent);

/// The checkpoint that a user means by `given`: a checkpoint folder, a link to one (`last`), or a run directory or its
/// `checkpoints` folder (then its `last`). Returns an absolute path without links. Throws Error that says what is there
/// instead.
std::filesystem::path resolve_checkpoint(const std::filesystem::path& given);

}  // namespace dl::host
