#pragma once
#include <filesystem>
#include <vector>

namespace dl::host {

/// Removes a checkpoint: the files of its manifest, and no other. Others stay, with their folders, and are returned.
/// Throws Error, with nothing removed, if the manifest is missing or lists a path outside of the folder, if the folder
/// has a link to a folder, or if a link `last` or `best` points to this checkpoint.
std::vector<std::filesystem::path> remove_checkpoint(const std::filesystem::path& checkpoint);

}  // namespace dl::host
