#include "row_layout.h"

#include <c10/core/ScalarType.h>

#include <string>

#include "checks.h"
#include "dl/error.h"

namespace mpi {

namespace {

std::string describe(const RowLayout& layout) {
  std::string text = std::string(c10::toString(static_cast<at::ScalarType>(layout.dtype))) + " rows of shape [";
  for (int64_t i = 1; i < layout.dims; ++i)
    text += (i > 1 ? ", " : "") + std::to_string(layout.shape[static_cast<size_t>(i)]);
  return text + "]";
}

bool same_rows(const RowLayout& a, const RowLayout& b) {
  return a.dtype == b.dtype && a.dims == b.dims && a.shape == b.shape;
}

}  // namespace

int64_t RowLayout::row_bytes() const {
  int64_t bytes = element_size;
  for (int64_t i = 1; i < dims; ++i) bytes *= shape[static_cast<size_t>(i)];
  return bytes;
}

RowLayout row_layout(const dl::Tensor& rows, std::string_view what) {
  if (rows.dim() < 1 || rows.dim() > RowLayout::kMaxDims)
    throw dl::Error(call_name("all_gather_rows", what) + ": a tensor of " + std::to_string(rows.dim()) +
                    " dimensions; rows need 1 to " + std::to_string(RowLayout::kMaxDims));
  RowLayout layout;
  layout.rows = rows.size(0);
  layout.dtype = static_cast<int64_t>(rows.scalar_type());
  layout.element_size = static_cast<int64_t>(rows.element_size());
  layout.dims = rows.dim();
  for (int64_t i = 1; i < rows.dim(); ++i) layout.shape[static_cast<size_t>(i)] = rows.size(i);
  return layout;
}

void check_same_rows(std::span<const RowLayout> layouts, int rank, std::string_view what) {
  for (size_t other = 1; other < layouts.size(); ++other)
    if (!same_rows(layouts[0], layouts[other]))
      throw dl::Error("rank " + std::to_string(rank) + ": " + call_name("all_gather_rows", what) + ": rank 0 has " +
                      describe(layouts[0]) + ", rank " + std::to_string(other) + " has " + describe(layouts[other]));
}

}  // namespace mpi
