#include "core/checkpoint_leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <system_error>

namespace dl::host {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = ".tmp-";

bool is_leftover_name(const std::string& name) {
  const auto dash = name.rfind('-');
  return name.starts_with(kPrefix) && dash > kPrefix.size() && dash + 1 < name.size() &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string leftover_name(const std::string& name, pid_t pid) {
  return std::string(kPrefix) + name + "-" + std::to_string(pid);
}

bool remove_if_dead(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return !fs::exists(fs::symlink_status(folder));
  // The lock ends with the process that held it, however that ended: no guessing from a number that may be reused or
  // belong to another machine.
  const bool dead = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
  std::error_code failure;
  if (dead) fs::remove_all(folder, failure);
  ::close(fd);
  return dead && !failure;
}

std::vector<fs::path> remove_leftovers(const fs::path& parent) {
  std::vector<fs::path> removed;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(parent, failure))
    if (is_leftover_name(entry.path().filename().string())) removed.push_back(entry.path());
  std::erase_if(removed, [](const fs::path& folder) { return !remove_if_dead(folder); });
  std::sort(removed.begin(), removed.end());
  return removed;
}

}  // namespace dl::host
