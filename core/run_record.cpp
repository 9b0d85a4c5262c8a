#include "core/run_record.h"

#include <torch/version.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <sstream>

#include "core/file_checksum.h"
#include "core/git_commit.h"
#include "core/model_summary.h"
#include "core/value_json.h"
#include "core/version.h"

namespace dl::host {

RunRecord::RunRecord(RunDirectory directory, const Plan& plan, const Registry& registry, const Objects& objects,
                     const RunArguments& arguments, int threads)
    : directory_(std::move(directory)) {
  const auto& s = plan.settings;
  json_["status"] = "running";
  json_["experiment"] = s.run.experiment;
  json_["name"] = s.run.name;
  json_["started"] = utc_now();
  json_["command"] = arguments.command_line;
  json_["versions"] = {
      {"dlhost", kVersion}, {"sdk_abi", DL_SDK_ABI}, {"libtorch", TORCH_VERSION}, {"compiler", __VERSION__}};
  auto plugins = nlohmann::ordered_json::array();
  for (const auto* plugin : registry.loaded())
    plugins.push_back({{"name", plugin->name},
                       {"version", plugin->stamp.version},
                       {"file", plugin->file.string()},
                       {"xxh3", file_checksum(plugin->file)}});
  json_["plugins"] = std::move(plugins);
  if (const auto commit = git_commit(std::filesystem::current_path())) json_["git_commit"] = *commit;
  json_["hosts"] = objects.control->hosts();
  json_["ranks"] = objects.control->size();
  json_["threads_per_rank"] = threads;
  json_["seed"] = s.engine.seed;
  json_["precision"] = to_json(s.engine.precision);
  int64_t parameters = 0;
  for (const auto& [name, network] : objects.networks) parameters += count_parameters(*network).elements;
  json_["parameters"] = parameters;
  directory_.write_run(json_);
}

void RunRecord::set_metrics(const Metrics& metrics) {
  auto& held = json_["metrics"];
  for (const auto& [name, value] : metrics) held[name] = number_to_json(value);
}

void RunRecord::finish(const std::string& status) {
  json_["status"] = status;
  json_["ended"] = utc_now();
  directory_.write_run(json_);
}

double seconds_since_process_start() {
  std::ifstream stat("/proc/self/stat"), up("/proc/uptime");
  std::string line;
  double uptime = 0;
  if (!std::getline(stat, line) || !(up >> uptime)) return 0;
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;  // field 22: start time in clock ticks after boot
  return uptime - std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace dl::host
