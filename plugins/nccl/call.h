#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace nccl {

/// One collective, as messages name it.
struct Call {
  const char* operation = "";
  std::string what;    ///< the tensor or the purpose
  int64_t number = 0;  ///< from 1: the same on all ranks
};

/// `all_reduce of "gradients"`.
std::string call_name(std::string_view operation, std::string_view what);
/// `all_reduce of "gradients" (call 7)`.
std::string numbered_name(const Call& call);

}  // namespace nccl
