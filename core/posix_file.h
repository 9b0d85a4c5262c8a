#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "dl/error.h"

namespace dl::host {

/// "cannot ACTION PATH: REASON", with the remedy where `error_number` (an errno) has one.
Error file_error(std::string_view action, const std::filesystem::path& path, int error_number);

/// An open file descriptor whose errors are Errors with the path and the system's reason. Closed by the destructor,
/// and in programs that this one starts. Writes go on after a short count or a signal until all is done.
class PosixFile {
 public:
  /// `flags` and `mode` as for open(2); O_CLOEXEC is added. The mode is cut by the umask.
  static PosixFile open(const std::filesystem::path& path, int flags, mode_t mode = 0666);
  PosixFile(PosixFile&& other) noexcept;
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile();

  const std::filesystem::path& path() const { return path_; }
  int fd() const { return fd_; }
  int64_t size() const;
  void write_all(const void* data, std::size_t bytes);
  void write_all(std::string_view text) { write_all(text.data(), text.size()); }
  void write_at(const void* data, std::size_t bytes, int64_t offset);
  /// Exactly `bytes`, else an Error that says where the file ended. Any number of threads.
  void read_at(void* data, std::size_t bytes, int64_t offset) const;
  void truncate(int64_t bytes);
  /// fsync: returns when the disk has it.
  void sync();
  /// An Error that close(2) reports (a quota, a network file system) is thrown; the destructor can't.
  void close();

 private:
  PosixFile(std::filesystem::path path, int fd);

  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace dl::host
