#include "core/launch.h"

#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <thread>

#include "core/tensor_memory.h"

namespace dl::host {
namespace {

bool read(std::initializer_list<const char*> names, int& out) {
  for (const char* name : names)
    if (const char* text = std::getenv(name); text && *text) {
      out = std::atoi(text);
      return true;
    }
  return false;
}

/// mpirun gives its ranks pseudo-terminals and passes on what they print, wherever its own output goes.
bool parent_prints_to_terminal() {
  std::error_code error;
  const auto out = std::filesystem::read_symlink("/proc/" + std::to_string(getppid()) + "/fd/1", error).string();
  return !error && (out.rfind("/dev/pts/", 0) == 0 || out.rfind("/dev/tty", 0) == 0);
}

}  // namespace

Launch launch_from_environment() {
  Launch launch;
  launch.by_mpirun = read({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, launch.size);
  if (!launch.by_mpirun) return launch;
  launch.terminal = parent_prints_to_terminal();
  read({"OMPI_COMM_WORLD_RANK", "PMI_RANK"}, launch.rank);
  if (!read({"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"}, launch.local_rank)) launch.local_rank = launch.rank;
  if (!read({"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"}, launch.local_size)) launch.local_size = launch.size;
  return launch;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

int usable_cores() {
  const int online = std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  std::ifstream quota("/sys/fs/cgroup/cpu.max");
  double allowed = 0, period = 0;
  if (quota >> allowed >> period && allowed > 0 && period > 0)
    return std::clamp(static_cast<int>(std::floor(allowed / period + 1e-9)), 1, online);
  return online;
}

int threads_for(const Launch& launch, int64_t wanted) {
  if (wanted > 0) return static_cast<int>(wanted);
  cpu_set_t set;
  CPU_ZERO(&set);
  const int bound = sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : usable_cores();
  return std::max(1, std::min(usable_cores() / std::max(1, launch.local_size), bound));
}

void tune_allocator() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
  TensorMemory::install();
}

}  // namespace dl::host
