#include "core/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace dl::host {

namespace {

/// More in one call is cut short by the kernel anyway.
constexpr std::size_t kMaxCall = std::size_t{1} << 30;

const char* remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; make room there, or choose another place";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; choose a place that you may write to, or change its permissions";
    default:
      return "";
  }
}

/// Hands `call` (pread, pwrite) what is left until all is done; returns the bytes done, short only at the end of a
/// file.
template <class Call>
std::size_t repeat(std::size_t bytes, Call&& call, const std::filesystem::path& path, std::string_view action) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = call(done, std::min(bytes - done, kMaxCall));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw file_error(action, path, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace

Error file_error(std::string_view action, const std::filesystem::path& path, int error_number) {
  return Error("cannot " + std::string(action) + " " + path.string() + ": " +
               std::generic_category().message(error_number) + remedy(error_number));
}

PosixFile::PosixFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

PosixFile PosixFile::open(const std::filesystem::path& path, int flags, mode_t mode) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) throw file_error((flags & O_CREAT) ? "create" : "open", path, errno);
  return PosixFile(path, fd);
}

PosixFile::PosixFile(PosixFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

PosixFile& PosixFile::operator=(PosixFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

PosixFile::~PosixFile() {
  if (fd_ >= 0) ::close(fd_);
}

int64_t PosixFile::size() const {
  struct stat info;
  if (::fstat(fd_, &info) != 0) throw file_error("look at", path_, errno);
  return info.st_size;
}

void PosixFile::write_all(const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  repeat(
      bytes, [&](std::size_t done, std::size_t count) { return ::write(fd_, from + done, count); }, path_, "write");
}

void PosixFile::write_at(const void* data, std::size_t bytes, int64_t offset) {
  const auto* from = static_cast<const char*>(data);
  repeat(
      bytes,
      [&](std::size_t done, std::size_t count) {
        return ::pwrite(fd_, from + done, count, offset + static_cast<off_t>(done));
      },
      path_, "write");
}

void PosixFile::read_at(void* data, std::size_t bytes, int64_t offset) const {
  auto* to = static_cast<char*>(data);
  const auto done = repeat(
      bytes,
      [&](std::size_t at, std::size_t count) { return ::pread(fd_, to + at, count, offset + static_cast<off_t>(at)); },
      path_, "read");
  if (done != bytes)
    throw Error("cannot read " + path_.string() + ": it ends at byte " +
                std::to_string(offset + static_cast<int64_t>(done)) + ", but bytes " + std::to_string(offset) + " to " +
                std::to_string(offset + static_cast<int64_t>(bytes)) + " were to be read");
}

void PosixFile::truncate(int64_t bytes) {
  if (::ftruncate(fd_, bytes) != 0) throw file_error("cut", path_, errno);
}

void PosixFile::sync() {
  int result;
  do {
    result = ::fsync(fd_);
  } while (result != 0 && errno == EINTR);
  if (result != 0) throw file_error("write", path_, errno);
}

void PosixFile::close() {
  const int fd = std::exchange(fd_, -1);
  // EINTR: Linux has closed it all the same.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) throw file_error("write", path_, errno);
}

}  // namespace dl::host
