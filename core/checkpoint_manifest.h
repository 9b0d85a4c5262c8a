#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
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

  /// Every file below `folder` but the manifest that is `mine`, by its relative path, with its sum; each is fsynced,
  /// and so is each folder.
  static CheckpointManifest of(const std::filesystem::path& folder,
                               const std::function<bool(const std::string&)>& mine = nullptr);
  /// Throws Error if it is missing, broken, of a newer format or lists a path that leads outside of `folder`.
  static CheckpointManifest read(const std::filesystem::path& folder);
  void write(const std::filesystem::path& folder) const;
  /// What stands in manifest.json, and back; the latter throws Error, or nlohmann::json::exception.
  std::string text() const;
  static CheckpointManifest parse(const std::string& text);
};

/// Checks sizes and sums of all files of the manifest (reads everything once). Throws Error that lists each file that
/// is missing, of another size or changed.
void verify_checkpoint(const std::filesystem::path& folder);

}  // namespace dl::host
