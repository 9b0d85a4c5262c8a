#include "presence.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace mpi {

namespace {

template <size_t N>
void keep(char (&to)[N], std::string_view text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

std::string state_of(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return "";
  const auto end = line.rfind(") ");  // of the name, which may hold anything
  switch (end == std::string::npos || end + 2 >= line.size() ? '?' : line[end + 2]) {
    case 'T':
    case 't':
      return " is stopped (SIGSTOP, or a debugger)";
    case 'Z':
    case 'X':
      return " has died";
    case 'R':
      return " is computing";
    case 'D':
      return " waits for a disk or a device";
    case 'S':
      return " waits for something";
    default:
      return "";
  }
}

}  // namespace

void Presence::announce(const Call& call, uint64_t signature, Place place) {
  ++turns_;
  shown_[turns_ % 2] = {signature, place};
  Text& text = texts_[turns_ % 2];
  text.number = call.number;
  keep(text.operation, call.operation);
  keep(text.what, call.what);
}

std::string Presence::last_call() const {
  const Text& text = texts_[turns_ % 2];
  return text.number == 0 ? "none" : numbered_name({text.operation, text.what, text.number});
}

std::string Presence::process() const {
  const std::string state = state_of(pid);
  return state.empty() ? "" : "its process (" + std::to_string(pid) + ")" + state;
}

}  // namespace mpi
