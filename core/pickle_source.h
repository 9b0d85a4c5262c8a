#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/posix_file.h"

namespace dl::host {

/// A range of a file, read from its start on, as pickles are.
class PickleSource {
 public:
  PickleSource(const PosixFile& file, int64_t begin, int64_t end) : file_(file), position_(begin), end_(end) {}

  /// The byte that is read next.
  int64_t position() const { return position_; }
  /// The next bytes; valid until the next call. Throws Error where so many are not left.
  std::string_view take(int64_t bytes);
  /// A little-endian number.
  template <class T>
  T take_number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  /// A name, up to the end of its line.
  std::string take_line();
  /// Throws Error with the file and the byte.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  const PosixFile& file_;
  int64_t position_, end_;
  std::string buffer_;
  int64_t buffered_from_ = 0;
};

}  // namespace dl::host
