#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "dl/error.h"

namespace dl::host {

/// Replaces the file at `path` by `text` as a whole or not at all: written beside it, fsynced, renamed over it. At
/// every moment, also after a kill or a full disk, a reader finds the old text or the new one. Throws Error with the
/// path and the system's reason. Any thread; of two writers at once the later rename wins. File mode 0666 cut by the
/// umask.
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// The whole file. Throws Error with the path and the system's reason.
std::string read_whole_file(const std::filesystem::path& path);

/// Makes a folder's entries (new names, renames) last through a power cut. Throws Error.
void sync_folder(const std::filesystem::path& folder);

}  // namespace dl::host
