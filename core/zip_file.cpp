#include "core/zip_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "dl/error.h"

namespace dl::host {
namespace {

constexpr uint32_t kMemberHere = 0x04034b50, kDirectoryEntry = 0x02014b50, kDirectoryEnd = 0x06054b50,
                   kDirectoryEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint32_t kIn64 = 0xffffffff;  ///< the value stands in the zip64 part
constexpr int64_t kMaxDirectory = int64_t{1} << 28;

template <class T>
T number_at(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

class Reader {
 public:
  explicit Reader(const PosixFile& file) : file_(file), size_(file.size()) {}

  std::map<std::string, ZipFile::Member> members() {
    find_directory();
    const auto directory = read(start_, bytes_, "the list of its members");
    std::map<std::string, ZipFile::Member> members;
    for (size_t at = 0; at < directory.size();) at += entry(std::string_view(directory).substr(at), members);
    return members;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(file_.path().string() + ": " + what); }

  std::string read(int64_t offset, int64_t bytes, const std::string& what) const {
    if (offset < 0 || bytes < 0 || offset > size_ || bytes > size_ - offset)
      fail("a broken zip file: " + what + " should be " + std::to_string(bytes) + " bytes from byte " +
           std::to_string(offset) + " on, but the file has " + std::to_string(size_));
    std::string text(static_cast<size_t>(bytes), '\0');
    file_.read_at(text.data(), text.size(), offset);
    return text;
  }

  /// The file's end says where the list of members is.
  void find_directory() {
    constexpr int64_t kEndBytes = 22, kLongestComment = 0xffff;
    const auto tail_start = std::max<int64_t>(0, size_ - kEndBytes - kLongestComment);
    const auto tail = read(tail_start, size_ - tail_start, "its end");
    auto at = static_cast<int64_t>(tail.size()) - kEndBytes;
    const auto fits = [&](int64_t offset) {
      const auto o = static_cast<size_t>(offset);
      return number_at<uint32_t>(tail, o) == kDirectoryEnd &&
             offset + kEndBytes + number_at<uint16_t>(tail, o + 20) == static_cast<int64_t>(tail.size());
    };
    while (at >= 0 && !fits(at)) --at;
    if (at < 0) fail("a broken zip file: it has no list of members at its end; it was cut off");
    const auto end = static_cast<size_t>(at);
    end_ = tail_start + at;
    start_ = number_at<uint32_t>(tail, end + 16);
    bytes_ = number_at<uint32_t>(tail, end + 12);
    uint64_t disks = number_at<uint16_t>(tail, end + 4);
    if (start_ == kIn64 || bytes_ == kIn64 || number_at<uint16_t>(tail, end + 10) == 0xffff) disks = find_directory64();
    if (disks != 0) fail("a zip file in several parts; this reads whole ones");
    if (bytes_ > kMaxDirectory) fail("a zip file whose list of members has " + std::to_string(bytes_) + " bytes");
    if (start_ < 0 || start_ > end_ || bytes_ > end_ - start_)
      fail("a broken zip file: its list of members should be " + std::to_string(bytes_) + " bytes from byte " +
           std::to_string(start_) + " on, but what follows it is at " + std::to_string(end_));
  }

  uint64_t find_directory64() {
    const auto locator = read(end_ - 20, 20, "the zip64 locator");
    if (number_at<uint32_t>(locator, 0) != kLocator64) fail("a broken zip file: it has no zip64 locator");
    end_ = number_at<int64_t>(locator, 8);
    const auto end = read(end_, 56, "the zip64 end");
    if (number_at<uint32_t>(end, 0) != kDirectoryEnd64) fail("a broken zip file: it has no zip64 end");
    bytes_ = number_at<int64_t>(end, 40);
    start_ = number_at<int64_t>(end, 48);
    return number_at<uint32_t>(end, 16);
  }

  /// Returns the bytes that the entry takes in the list.
  size_t entry(std::string_view at, std::map<std::string, ZipFile::Member>& members) const {
    constexpr size_t kBytes = 46;
    if (at.size() < kBytes || number_at<uint32_t>(at, 0) != kDirectoryEntry)
      fail("a broken zip file: its list of members is cut off or overwritten");
    const size_t name_bytes = number_at<uint16_t>(at, 28), extra_bytes = number_at<uint16_t>(at, 30);
    const size_t all = kBytes + name_bytes + extra_bytes + number_at<uint16_t>(at, 32);
    if (at.size() < all) fail("a broken zip file: its list of members is cut off");
    const std::string name(at.substr(kBytes, name_bytes));
    if (number_at<uint16_t>(at, 8) & 1) fail("its member " + name + " is encrypted");
    const bool compressed = number_at<uint16_t>(at, 10) != 0;
    int64_t bytes = number_at<uint32_t>(at, 24), stored = number_at<uint32_t>(at, 20),
            offset = number_at<uint32_t>(at, 42);
    read64(at.substr(kBytes + name_bytes, extra_bytes), {&bytes, &stored, &offset});
    if (compressed) bytes = stored;
    if (bytes != stored) fail("a broken zip file: its member " + name + " has two sizes");
    // The header before the member may have another length than the list says.
    const auto here = read(offset, 30, "the header of its member " + name);
    if (number_at<uint32_t>(here, 0) != kMemberHere)
      fail("a broken zip file: its member " + name + " is not at byte " + std::to_string(offset));
    const ZipFile::Member member{offset + 30 + number_at<uint16_t>(here, 26) + number_at<uint16_t>(here, 28), bytes,
                                 compressed};
    if (bytes < 0 || member.begin > start_ || bytes > start_ - member.begin)
      fail("a broken zip file: its member " + name + " should be " + std::to_string(bytes) + " bytes from byte " +
           std::to_string(member.begin) + " on, but its list of members begins at " + std::to_string(start_));
    if (!members.emplace(name, member).second) fail("a zip file with two members " + name);
    return all;
  }

  /// Values that did not fit into 32 bits, in this order.
  void read64(std::string_view extra, std::initializer_list<int64_t*> values) const {
    std::string_view found;
    while (extra.size() >= 4) {
      const size_t bytes = number_at<uint16_t>(extra, 2);
      if (extra.size() < 4 + bytes) break;
      if (number_at<uint16_t>(extra, 0) == 1) found = extra.substr(4, bytes);
      extra.remove_prefix(4 + bytes);
    }
    for (auto* value : values) {
      if (*value != kIn64) continue;
      if (found.size() < 8) fail("a broken zip file: a member's zip64 part is missing");
      *value = number_at<int64_t>(found, 0);
      found.remove_prefix(8);
    }
  }

  const PosixFile& file_;
  int64_t size_, start_ = 0, bytes_ = 0, end_ = 0;
};

}  // namespace

bool ZipFile::is_one(const PosixFile& file) {
  char start[4];
  if (file.size() < 4) return false;
  file.read_at(start, sizeof start, 0);
  return std::string_view(start, 4) == std::string_view("PK\3\4", 4);
}

ZipFile::ZipFile(const PosixFile& file) : members_(Reader(file).members()) {}

}  // namespace dl::host
