#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dl/tensor.h"

namespace mpi {

/// What ranks tell each other of their rows before they exchange them. Sent as it lies in memory.
struct RowLayout {
  static constexpr int kMaxDims = 16;
  int64_t rows = 0;
  int64_t dtype = 0;         // at::ScalarType
  int64_t element_size = 0;  // bytes
  int64_t dims = 0;
  std::array<int64_t, kMaxDims> shape{};  // of one row, from index 1 on

  int64_t row_bytes() const;
};

/// Throws dl::Error on a scalar, which has no rows, and on more than kMaxDims dimensions.
RowLayout row_layout(const dl::Tensor& rows, std::string_view what);
/// Throws dl::Error, on every rank, where two ranks' rows differ in dtype or shape.
void check_same_rows(std::span<const RowLayout> layouts, int rank, std::string_view what);

}  // namespace mpi
