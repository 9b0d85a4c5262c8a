#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace dl::host {

/// ".tmp-<name>-<pid>": what a checkpoint is called while it is written or removed.
std::string leftover_name(const std::string& name, pid_t pid);

/// Removes a temporary folder if no living process holds its lock; whether it is gone now. Where locks don't work (some
/// network file systems) it stays.
bool remove_if_dead(const std::filesystem::path& folder);

/// Temporary folders in `parent` that no living process owns (left by a kill) are removed and returned, for a message.
std::vector<std::filesystem::path> remove_leftovers(const std::filesystem::path& parent);

}  // namespace dl::host
