#include "core/shared_folder.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "core/atomic_file.h"
#include "core/posix_file.h"
#include "core/run_directory.h"
#include "core/shared_text.h"

namespace dl::host {

namespace fs = std::filesystem;

std::vector<int> ranks_that_share(Communicator& control, const fs::path& folder) {
  std::vector<int> ranks(static_cast<size_t>(control.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  const auto hosts = control.hosts();
  std::vector<int> first;  // of each host
  for (const int rank : ranks)
    if (std::find(hosts.begin(), hosts.begin() + rank, hosts[static_cast<size_t>(rank)]) == hosts.begin() + rank)
      first.push_back(rank);
  if (first.size() == 1) return ranks;

  // A name that nobody has looked for before: network file systems remember what was not there.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const auto name = shared_text(control, std::to_string(::getpid()) + "-" + std::to_string(now), "the run directory");
  const auto mark = [&](int rank) { return folder / (".seen-" + name + "-" + std::to_string(rank)); };
  const bool marks = std::find(first.begin(), first.end(), control.rank()) != first.end();
  if (marks) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) throw file_error("create", folder, failure.value());
    write_file_atomically(mark(control.rank()), "");
  }
  control.barrier("the run directory");
  const auto seen = std::find_if(first.begin(), first.end(), [&](int rank) { return fs::exists(mark(rank)); });
  const auto group = std::to_string(seen == first.end() ? control.rank() : *seen);
  const auto groups = all_texts(control, group, "the run directory");
  if (marks) fs::remove(mark(control.rank()));
  std::erase_if(ranks, [&](int rank) { return groups[static_cast<size_t>(rank)] != group; });
  return ranks;
}

void copy_run_record(Communicator& control, const std::vector<int>& sharing, const fs::path& run_dir) {
  const bool original = sharing[0] == 0;
  const auto read = [&](const char* file) {
    return shared_text(control, control.rank() == 0 ? read_whole_file(run_dir / file) : "", "the run directory");
  };
  const auto config = read("config.toml");
  auto run = nlohmann::ordered_json::parse(read("run.json"));
  run["status"] = "kept on " + control.hosts()[0];
  if (original || control.rank() != sharing[0] || fs::exists(run_dir / "run.json")) return;
  const auto own = RunDirectory::at(run_dir, true);
  own.write_config(config);
  own.write_run(run);
}

}  // namespace dl::host
