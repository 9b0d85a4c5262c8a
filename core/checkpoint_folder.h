#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "core/checkpoint_manifest.h"
#include "core/posix_file.h"

namespace dl::host {

/// A checkpoint being written: a folder under a temporary name, which gets its final name when it is whole. The final
/// name never holds half a checkpoint, whenever the process is killed.
///
///   CheckpointFolder folder = CheckpointFolder::begin(run / "checkpoints", "step-0001200");
///   … write files into folder.path(), from any rank that sees this file system …
///   point_to(folder.commit(), "last");
///
/// begin() and commit() are for one rank. Movable between threads, not thread safe.
class CheckpointFolder {
 public:
  /// Makes `<parent>/.tmp-<name>-<pid>`, and `parent` if it is missing. Throws Error if `<parent>/<name>` exists, or if
  /// a living process writes the same name.
  static CheckpointFolder begin(const std::filesystem::path& parent, const std::string& name);
  CheckpointFolder(CheckpointFolder&& other) noexcept;
  CheckpointFolder& operator=(CheckpointFolder&&) = delete;
  /// Not committed: the temporary folder is removed.
  ~CheckpointFolder();

  /// The temporary folder; subfolders are allowed.
  const std::filesystem::path& path() const { return temporary_; }
  /// Writes the manifest, which lists every file of the folder (all of them brought to the disk), and renames the
  /// folder. Returns the final path. Throws Error if the final name exists by now. Can be called once.
  std::filesystem::path commit(const CheckpointManifest& manifest);
  /// Fsyncs and sums every file first. Throws Error if something in the folder is neither file nor folder.
  std::filesystem::path commit();

 private:
  CheckpointFolder(std::filesystem::path temporary, std::filesystem::path final_path, PosixFile lock);

  std::filesystem::path temporary_;  ///< empty once committed or moved from
  std::filesystem::path final_path_;
  std::optional<PosixFile> lock_;  ///< flock on the temporary folder: tells it from a dead process's leftover
};

/// Repoints the link `name` ("last", "best") beside `checkpoint` to it, atomically. Throws Error if `name` is something
/// else than a link.
void point_to(const std::filesystem::path& checkpoint, const std::string& name);

}  // namespace dl::host
