#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "bucket.h"

namespace parallel {

/// How a flat buffer is cut: rank r holds [r × length, (r + 1) × length). `length` is a multiple of kSliceAlignment, so
/// the buffer is padded to `length` × ranks elements.
int64_t piece_length(int64_t elements, int ranks);

/// A part of one parameter that one rank holds.
struct Piece {
  size_t parameter = 0;
  size_t bucket = 0;
  int64_t begin = 0;   ///< in the bucket
  int64_t offset = 0;  ///< in the parameter as it lies in memory
  int64_t length = 0;
  bool operator==(const Piece&) const = default;
};

/// What `rank` holds of parameters with `numels` elements each, at `slices` of buckets with `elements` each: by bucket,
/// then by position. Every element of a parameter is in one piece of one rank. Pure.
std::vector<Piece> pieces_of(int rank, int ranks, std::span<const Slice> slices, std::span<const int64_t> numels,
                             std::span<const int64_t> elements);

}  // namespace parallel
