#include "pieces.h"

#include <algorithm>

namespace parallel {

int64_t piece_length(int64_t elements, int ranks) {
  const int64_t share = (elements + ranks - 1) / ranks;
  return (share + kSliceAlignment - 1) / kSliceAlignment * kSliceAlignment;
}

std::vector<Piece> pieces_of(int rank, int ranks, std::span<const Slice> slices, std::span<const int64_t> numels,
                             std::span<const int64_t> elements) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < slices.size(); ++i) {
    const int64_t share = piece_length(elements[slices[i].bucket], ranks);
    const int64_t begin = std::max(slices[i].offset, rank * share);
    const int64_t end = std::min(slices[i].offset + numels[i], (rank + 1) * share);
    if (begin < end) pieces.push_back({i, slices[i].bucket, begin, begin - slices[i].offset, end - begin});
  }
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.bucket != b.bucket ? a.bucket < b.bucket : a.begin < b.begin;
  });
  return pieces;
}

}  // namespace parallel
