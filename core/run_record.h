#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/config.h"
#include "core/objects.h"
#include "core/run_directory.h"
#include "core/trainer.h"

namespace dl::host {

/// run.json: what a run was made of and what came out. Rank 0.
class RunRecord {
 public:
  /// Status "running": versions of everything, plugins with their sums, git commit, hosts, ranks, seed.
  RunRecord(RunDirectory directory, const Plan& plan, const Registry& registry, const Objects& objects,
            const RunArguments& arguments, int threads);
  void set(const std::string& key, nlohmann::ordered_json value) { json_[key] = std::move(value); }
  void set_metrics(const Metrics& metrics);
  void finish(const std::string& status);
  const RunDirectory& directory() const { return directory_; }

 private:
  RunDirectory directory_;
  nlohmann::ordered_json json_;
};

/// Seconds since this process was started, from /proc; 0 where the system does not tell.
double seconds_since_process_start();

/// "2026-11-24T16:22:05Z".
std::string utc_now();

}  // namespace dl::host
