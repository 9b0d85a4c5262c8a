#include "core/checkpoint_removal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/checkpoint_leftovers.h"
#include "core/checkpoint_manifest.h"
#include "core/posix_file.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> not_in_manifest(const fs::path& folder, const CheckpointManifest& manifest) {
  std::vector<fs::path> foreign;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).generic_string();
    const bool is_folder = fs::is_directory(entry.symlink_status());
    if (!is_folder && name != CheckpointManifest::kName && !manifest.files.count(name)) foreign.push_back(entry.path());
    // A link to a folder would lead the removal of listed files astray.
    if (entry.is_symlink() && fs::is_directory(entry.status()))
      throw Error("the checkpoint " + folder.string() + " is not removed: " + entry.path().string() +
                  " is a link to a folder");
  }
  std::sort(foreign.begin(), foreign.end());
  return foreign;
}

void remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw file_error("remove", path, errno);
}

}  // namespace

std::vector<fs::path> remove_checkpoint(const fs::path& checkpoint) {
  const auto manifest = CheckpointManifest::read(checkpoint);
  const fs::path folder = fs::canonical(checkpoint);
  auto foreign = not_in_manifest(folder, manifest);
  for (const char* name : {"last", "best"})
    if (const auto link = folder.parent_path() / name;
        fs::is_symlink(link) && fs::exists(link) && fs::equivalent(link, folder))
      throw Error("the checkpoint " + folder.string() + " is not removed: " + link.string() + " points to it");

  // Under a temporary name it is no checkpoint any more, so a kill in between leaves a leftover, not half a checkpoint.
  // Where files of others are in it the folder stays in place, and the manifest goes first for the same reason.
  fs::path doomed = folder;
  if (foreign.empty()) {
    doomed = folder.parent_path() / leftover_name(folder.filename().string(), ::getpid());
    remove_if_dead(doomed);
    if (::rename(folder.c_str(), doomed.c_str()) != 0) throw file_error("remove", folder, errno);
  }
  remove_file(doomed / CheckpointManifest::kName);
  for (const auto& [name, file] : manifest.files) remove_file(doomed / name);

  // What is empty by now, from the deepest up.
  std::vector<fs::path> folders = {doomed};
  for (const auto& entry : fs::recursive_directory_iterator(doomed))
    if (fs::is_directory(entry.symlink_status())) folders.push_back(entry.path());
  std::sort(folders.rbegin(), folders.rend());
  for (const auto& each : folders)
    if (::rmdir(each.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
      throw file_error("remove", each, errno);
  return foreign;
}

}  // namespace dl::host
