#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace dl::host {

/// manifest.json of a checkpoint: {"format": 1, "files": {"model.safetensors": {"bytes": 123, "xxh3": "32 hex
/// digits"}}}. Written last, so a folder that has one is whole.
struct CheckpointManifest {
  struct File {
    int64_t bytes = 0;
    std::string xxh3;
  };
  static constexpr const char* kName = "manifest.json";

  std::map<std::string, File> files;  ///< key: path relative to the folder, with '/'

  /// Every file below `folder` but the manifest, with its sum; each is fsynced, and so is each folder.
  static CheckpointManifest of(const std::filesystem::path& folder);
  /// Throws Error if it is missing, broken, of a newer format or lists a path that leads outside of `folder`.
  static CheckpointManifest read(const std::filesystem::path& folder);
  void write(const std::filesystem::path& folder) const;
};

/// Checks sizes and sums of all files of the manifest (reads everything once). Throws Error that lists each file that
/// is missing, of another size or changed.
void verify_checkpoint(const std::filesystem::path& folder);

}  // namespace dl::host
