#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nccl {

/// Why the rank `local_rank` of this host can't use its device of `gpus`, with what CUDA's runtime reports; "" where it
/// can.
std::string device_problem(const std::vector<int64_t>& gpus, int local_rank);

}  // namespace nccl
