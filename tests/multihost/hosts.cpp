#include "hosts.h"

#include <cstdlib>
#include <stdexcept>

namespace multihost {

std::string command(const std::vector<int>& ranks_on, const std::string& arguments, int from) {
  std::string hosts;
  int ranks = 0;
  for (size_t i = 0; i < ranks_on.size(); ++i) {
    ranks += ranks_on[i];
    if (ranks_on[i] > 0)
      hosts += (hosts.empty() ? "10.99.0.1" : ",10.99.0.1") + std::to_string(i + 1) + ":" + std::to_string(ranks_on[i]);
  }
  return HOSTS "/on_host.sh " + std::to_string(from) + " mpirun --host " + hosts + " -n " + std::to_string(ranks) +
         " " HOSTS "/rank.sh " DLHOST " " + arguments;
}

end_to_end::Result run(const std::filesystem::path& folder, const std::vector<int>& ranks_on,
                       const std::string& arguments, int from) {
  return end_to_end::shell(folder, "timeout -k 5 60 " + command(ranks_on, arguments, from));
}

std::string config() {
  auto text = end_to_end::small_config();
  return text.replace(text.find("[engine]\n"), 9, "[engine]\nprecision = 64\nnum_nodes = 2\n");
}

void must(const std::string& command) {
  const auto result = end_to_end::shell("/", command);
  if (result.code != 0) throw std::runtime_error(command + ": " + result.output);
}

int processes(int host) {
  const auto found = end_to_end::shell("/", "for pid in $(ip netns pids $DL_HOSTS-" + std::to_string(host) +
                                                "); do cat /proc/$pid/comm; done 2>/dev/null | grep -c '^dlhost$'");
  return std::atoi(found.output.c_str());
}

}  // namespace multihost
