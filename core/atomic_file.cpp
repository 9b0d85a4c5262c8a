#include "core/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/posix_file.h"

namespace dl::host {

namespace fs = std::filesystem;

void write_file_atomically(const fs::path& path, std::string_view text) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  // A thread's number is the machine's: two writers never share a temporary file.
  const fs::path temporary = folder / ("." + path.filename().string() + ".tmp-" + std::to_string(::gettid()));
  auto file = PosixFile::open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  try {
    file.write_all(text);
    file.sync();
    file.close();
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw file_error("replace", path, errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(folder);
}

std::string read_whole_file(const fs::path& path) {
  const auto file = PosixFile::open(path, O_RDONLY);
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read_at(text.data(), text.size(), 0);
  return text;
}

void sync_folder(const fs::path& folder) {
  const auto opened = PosixFile::open(folder, O_RDONLY | O_DIRECTORY);
  // EINVAL: a file system that doesn't do this for folders; there is nothing more to be had from it.
  if (::fsync(opened.fd()) != 0 && errno != EINVAL) throw file_error("write", folder, errno);
}

}  // namespace dl::host
