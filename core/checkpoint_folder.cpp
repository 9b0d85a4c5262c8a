#include "core/checkpoint_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/atomic_file.h"
#include "core/checkpoint_leftovers.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

Error exists_error(const fs::path& path) {
  return Error("the checkpoint " + path.string() + " exists already and is never overwritten; remove it, or use " +
               "another --run-dir");
}

bool is_one_component(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos && name != "last" && name != "best";
}

void make_folders(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) throw file_error("create", path, failure.value());
}

/// Makes the folder and its lock. Nothing while a living process holds it; a dead one's leftover is removed.
std::optional<PosixFile> make_locked(const fs::path& folder) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::mkdir(folder.c_str(), 0777) != 0) {
      if (errno != EEXIST) throw file_error("create", folder, errno);
      if (!remove_if_dead(folder)) return std::nullopt;
      continue;
    }
    auto lock = PosixFile::open(folder, O_RDONLY | O_DIRECTORY);
    const bool locked = ::flock(lock.fd(), LOCK_EX | LOCK_NB) == 0;
    // Someone who cleans up may have taken the lock, and the folder, between the two calls.
    struct stat by_handle, by_name;
    const bool same = ::fstat(lock.fd(), &by_handle) == 0 && ::stat(folder.c_str(), &by_name) == 0 &&
                      by_handle.st_ino == by_name.st_ino && by_handle.st_dev == by_name.st_dev;
    // Any other error than a held lock: a file system without locks, where leftovers are never removed.
    if (same && (locked || errno != EWOULDBLOCK)) return lock;
  }
  return std::nullopt;
}

/// rename(2) replaces an empty folder; this refuses any. Where the kernel or the file system can't (EINVAL), a look
/// before must do.
void rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EINVAL || errno == ENOSYS) {
    if (!fs::exists(fs::symlink_status(to)) && ::rename(from.c_str(), to.c_str()) == 0) return;
    if (fs::exists(fs::symlink_status(to))) throw exists_error(to);
  }
  if (errno == EEXIST || errno == ENOTEMPTY) throw exists_error(to);
  throw file_error("rename the finished checkpoint to", to, errno);
}

}  // namespace

CheckpointFolder::CheckpointFolder(fs::path temporary, fs::path final_path, PosixFile lock)
    : temporary_(std::move(temporary)), final_path_(std::move(final_path)), lock_(std::move(lock)) {}

CheckpointFolder::CheckpointFolder(CheckpointFolder&& other) noexcept
    : temporary_(std::exchange(other.temporary_, fs::path())),
      final_path_(std::move(other.final_path_)),
      lock_(std::move(other.lock_)) {}

CheckpointFolder CheckpointFolder::begin(const fs::path& parent, const std::string& name) {
  if (!is_one_component(name))
    throw Error("\"" + name +
                "\" can't be a checkpoint's name: it must not be empty, \"last\" or \"best\", start with '.' or " +
                "have a '/'");
  make_folders(parent);
  const fs::path final_path = parent / name;
  if (fs::exists(fs::symlink_status(final_path))) throw exists_error(final_path);
  const fs::path temporary = parent / leftover_name(name, ::getpid());
  auto lock = make_locked(temporary);
  if (!lock)
    throw Error("the checkpoint " + final_path.string() + " is being written already, in " + temporary.string());
  return CheckpointFolder(temporary, final_path, std::move(*lock));
}

CheckpointFolder::~CheckpointFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

fs::path CheckpointFolder::commit() {
  if (temporary_.empty()) throw Error("the checkpoint " + final_path_.string() + " was committed before");
  return commit(CheckpointManifest::of(temporary_));
}

fs::path CheckpointFolder::commit(const CheckpointManifest& manifest) {
  manifest.write(temporary_);
  rename_to_new(temporary_, final_path_);
  temporary_.clear();
  lock_.reset();
  sync_folder(final_path_.parent_path());
  return final_path_;
}

void point_to(const fs::path& checkpoint, const std::string& name) {
  const fs::path parent = checkpoint.has_parent_path() ? checkpoint.parent_path() : fs::path(".");
  const fs::path link = parent / name;
  const auto status = fs::symlink_status(link);
  if (fs::exists(status) && !fs::is_symlink(status))
    throw Error(link.string() + " is no link, so it can't be pointed to a checkpoint; rename or remove it");
  const fs::path temporary = parent / ("." + name + "-" + std::to_string(::gettid()));
  ::unlink(temporary.c_str());
  if (::symlink(checkpoint.filename().c_str(), temporary.c_str()) != 0) throw file_error("link", temporary, errno);
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    throw file_error("replace", link, reason);
  }
  sync_folder(parent);
}

}  // namespace dl::host
