#pragma once
/// Runs the program on the hosts of with_hosts.sh.
#include "end_to_end/program.h"

namespace multihost {

/// `mpirun … dlhost ARGUMENTS` in `folder`, mpirun on host `from`, with ranks_on[i] ranks on host i + 1. Each rank's
/// stderr goes to err.RANK, too, and its exit code to exit.RANK.
std::string command(const std::vector<int>& ranks_on, const std::string& arguments, int from = 1);
end_to_end::Result run(const std::filesystem::path& folder, const std::vector<int>& ranks_on,
                       const std::string& arguments, int from = 1);
/// The small training, in float64: its losses don't depend on how sums are grouped, to 1e-10.
std::string config();

/// A shell command of this test, on none of the hosts.
void must(const std::string& command);
/// dlhost's processes on a host.
int processes(int host);

}  // namespace multihost
