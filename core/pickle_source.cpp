#include "core/pickle_source.h"

#include <algorithm>

#include "dl/error.h"

namespace dl::host {

void PickleSource::fail(const std::string& what) const {
  throw Error(file_.path().string() + ": byte " + std::to_string(position_) + ": " + what);
}

std::string_view PickleSource::take(int64_t bytes) {
  constexpr int64_t kBlock = int64_t{1} << 16;
  if (bytes < 0 || bytes > end_ - position_)
    fail("the pickle needs " + std::to_string(bytes) + " more bytes, but " + std::to_string(end_ - position_) +
         " are left; it was cut off");
  const auto buffered = buffered_from_ + static_cast<int64_t>(buffer_.size());
  if (position_ < buffered_from_ || bytes > buffered - position_) {
    buffer_.resize(static_cast<size_t>(std::min(std::max(bytes, kBlock), end_ - position_)));
    file_.read_at(buffer_.data(), buffer_.size(), position_);
    buffered_from_ = position_;
  }
  const auto offset = static_cast<size_t>(position_ - buffered_from_);
  position_ += bytes;
  return std::string_view(buffer_).substr(offset, static_cast<size_t>(bytes));
}

std::string PickleSource::take_line() {
  std::string line;
  for (char c = take(1)[0]; c != '\n'; c = take(1)[0]) {
    if (line.size() == 1000) fail("a name of more than 1000 bytes");
    line += c;
  }
  return line;
}

}  // namespace dl::host
