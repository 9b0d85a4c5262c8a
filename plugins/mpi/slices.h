#pragma once
#include <algorithm>
#include <cstdint>

namespace mpi {

/// [0, total) in pieces of one length, the last ones shorter or empty.
class Slices {
 public:
  /// So many pieces, cut at multiples of 64 (a cache line of any dtype).
  static Slices in_parts(int64_t total, int parts) {
    const int64_t even = (total + parts - 1) / parts;
    return {total, (even + kAlignment - 1) / kAlignment * kAlignment, parts};
  }
  static Slices of_length(int64_t total, int64_t length) { return {total, length, (total + length - 1) / length}; }

  int64_t count() const { return count_; }
  int64_t begin(int64_t i) const { return std::min(total_, i * length_); }
  int64_t size(int64_t i) const { return begin(i + 1) - begin(i); }

 private:
  static constexpr int64_t kAlignment = 64;
  Slices(int64_t total, int64_t length, int64_t count) : total_(total), length_(length), count_(count) {}

  int64_t total_, length_, count_;
};

}  // namespace mpi
