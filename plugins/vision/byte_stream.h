#pragma once
#include <cstdint>
#include <memory>
#include <string>

struct gzFile_s;

namespace vision {

/// The bytes of a file, uncompressed on the way where it is a gzip file. One thread.
class ByteStream {
 public:
  /// Throws dl::Error, naming the file, where it can't be opened.
  explicit ByteStream(std::string path);

  /// True for a gzip file, whatever its name.
  bool compressed();
  /// Reads up to `size` bytes and returns how many there were; fewer only at the end. Throws dl::Error, naming the
  /// file, on a read error and on damaged compressed data (the checksum included, once the end is reached).
  int64_t read(void* into, int64_t size);

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace vision
