#pragma once
#include <cstdint>
#include <string>

namespace dl::host {

/// What the launcher (mpirun, or none) says of this process, before any communicator is up.
struct Launch {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;
  bool by_mpirun = false;
  bool planned = false;  ///< of a run to come (`dlhost check`): its ranks and hosts are not known
  bool terminal = true;  ///< false: mpirun gave this rank a terminal, but its own output goes to a file or a pipe
  bool prints() const { return rank == 0; }
};
/// From the environment that Open MPI and PMI launchers set.
Launch launch_from_environment();

std::string host_name();

/// Cores that this machine gives us: the smaller of online cores and the cgroup's quota.
int usable_cores();
/// This rank's share of the cores, at least 1 and at most what it may be scheduled on; `wanted` > 0 is taken as it is.
int threads_for(const Launch& launch, int64_t wanted);

/// Keeps freed memory in the process: page faults cost more than the memory. Call first in main().
void tune_allocator();

}  // namespace dl::host
