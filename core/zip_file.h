#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "core/posix_file.h"

namespace dl::host {

/// The members of a zip file, as `torch.save` writes it: stored, not compressed, so that each is a range of the file.
/// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 (headers) and 4.5.3 (zip64). Every range is checked against the
/// file's size before anything else is read. Safe on hostile input: time and memory are linear in the file's size.
class ZipFile {
 public:
  struct Member {
    int64_t begin = 0;  ///< of its bytes, in the file
    int64_t bytes = 0;
    bool compressed = false;  ///< then the bytes are not its own
  };

  /// Whether the file begins as a zip file does.
  static bool is_one(const PosixFile& file);
  /// Throws Error, with the file's name and the byte numbers, on what is no zip file, was cut off, is split over
  /// several disks or encrypted, and on a name that is there twice.
  explicit ZipFile(const PosixFile& file);

  /// By name.
  const std::map<std::string, Member>& members() const { return members_; }

 private:
  std::map<std::string, Member> members_;
};

}  // namespace dl::host
