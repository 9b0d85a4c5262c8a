#include "call.h"

namespace nccl {

std::string call_name(std::string_view operation, std::string_view what) {
  return std::string(operation) + " of \"" + std::string(what) + "\"";
}

std::string numbered_name(const Call& call) {
  return call_name(call.operation, call.what) + " (call " + std::to_string(call.number) + ")";
}

}  // namespace nccl
