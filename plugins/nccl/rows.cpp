#include "rows.h"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <string>

#include "call.h"
#include "dl/error.h"

namespace nccl {

namespace {

constexpr int64_t kMostDims = 16;
constexpr int64_t kWidth = 2 + kMostDims;  // dtype, dimensions, sizes

std::string describe(const int64_t* layout) {
  std::string text = std::string(c10::toString(static_cast<at::ScalarType>(layout[0]))) + " rows of shape [";
  for (int64_t i = 1; i < layout[1]; ++i) text += (i > 1 ? ", " : "") + std::to_string(layout[2 + i]);
  return text + "]";
}

}  // namespace

std::vector<int64_t> count_rows(dl::Communicator& control, const dl::Tensor& rows, std::string_view what) {
  if (rows.dim() < 1 || rows.dim() > kMostDims)
    throw dl::Error(call_name("all_gather_rows", what) + ": a tensor of " + std::to_string(rows.dim()) +
                    " dimensions; rows need 1 to " + std::to_string(kMostDims));
  dl::Tensor mine = at::empty({1, kWidth}, at::kLong);
  auto* layout = mine.mutable_data_ptr<int64_t>();
  std::fill_n(layout, kWidth, 0);
  layout[0] = static_cast<int64_t>(rows.scalar_type());
  layout[1] = rows.dim();
  for (int64_t i = 0; i < rows.dim(); ++i) layout[2 + i] = rows.size(i);

  const dl::Tensor all = control.all_gather_rows(mine, what);
  const auto* first = all.const_data_ptr<int64_t>();
  std::vector<int64_t> counts;
  for (int64_t rank = 0; rank < all.size(0); ++rank) {
    const auto* other = first + rank * kWidth;
    if (!std::equal(first, first + 2, other) || !std::equal(first + 3, first + kWidth, other + 3))
      throw dl::Error("rank " + std::to_string(control.rank()) + ": " + call_name("all_gather_rows", what) +
                      ": rank 0 has " + describe(first) + ", rank " + std::to_string(rank) + " has " + describe(other));
    counts.push_back(other[2]);
  }
  return counts;
}

}  // namespace nccl
