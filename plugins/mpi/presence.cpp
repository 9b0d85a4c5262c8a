#include "presence.h"

#include <fstream>

namespace mpi {

namespace {

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
  texts_[turns_ % 2] = CallText(call);
}

std::string Presence::process() const {
  const std::string state = state_of(pid);
  return state.empty() ? "" : "its process (" + std::to_string(pid) + ")" + state;
}

}  // namespace mpi
