#include "call.h"

#include <algorithm>
#include <cstring>

namespace mpi {

namespace {

template <size_t N>
void keep(char (&to)[N], std::string_view text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

}  // namespace

CallText::CallText(const Call& call) : number_(call.number) {
  keep(operation_, call.operation);
  keep(what_, call.what);
}

std::string CallText::text() const { return empty() ? "none" : numbered_name({operation_, what_, number_}); }

std::string call_name(std::string_view operation, std::string_view what) {
  return std::string(operation) + " of \"" + std::string(what) + "\"";
}

std::string numbered_name(const Call& call) {
  return call_name(call.operation, call.what) + " (call " + std::to_string(call.number) + ")";
}

}  // namespace mpi
