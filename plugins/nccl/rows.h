#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "dl/communicator.h"

namespace nccl {

/// How many rows each rank has, in rank order, for an all_gather_rows. Throws dl::Error on every rank where the ranks'
/// rows differ in dtype or shape, and on a scalar, which has no rows. All ranks, over the CPU's `control`.
std::vector<int64_t> count_rows(dl::Communicator& control, const dl::Tensor& rows, std::string_view what);

}  // namespace nccl
