#include "core/recorder.h"

#include "core/checkpoint_search.h"
#include "core/toml_file.h"
#include "core/version.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

RunDirectory directory_of(const RunArguments& arguments, const Plan& plan, const std::filesystem::path& resumed) {
  const auto& run = plan.settings.run;
  if (!resumed.empty()) return RunDirectory::at(resumed, true);
  if (!arguments.run_dir.empty()) {
    // A run that was killed before its first checkpoint begins again where "auto" is asked for.
    const auto& resume = arguments.resume.empty() ? plan.settings.train.resume_ckpt : arguments.resume;
    const bool again = resume == "auto" && list_checkpoints(fs::path(arguments.run_dir) / "checkpoints").empty();
    return RunDirectory::at(arguments.run_dir, again);
  }
  return RunDirectory::create(run.dir, run.experiment, run.name);
}

}  // namespace

Recorder::Recorder(const RunArguments& arguments, const Value& config, const Plan& plan, const Registry& registry,
                   Objects& objects, Console& console, int threads, const std::filesystem::path& resumed,
                   const Progress& at)
    : record_(directory_of(arguments, plan, resumed), plan, registry, objects, arguments, threads) {
  const auto& run = record_.directory();
  const auto config_toml = to_toml(config);
  run.write_config(config_toml);
  console.log_to(run.log_file());
  std::vector<NamedLogger> loggers;
  for (const auto& planned : plan.loggers)
    loggers.push_back({registry.full_name(*planned.info), registry.create<Logger>(*planned.info, planned.params)});
  const RunInfo info{
      run.path().string(),    plan.settings.run.experiment, plan.settings.run.name, kVersion, config_toml, config,
      objects.control->size()};
  events_.emplace(info, Journal(run.path()), std::move(loggers), console);
  events_->post({.type = Event::Type::params, .step = at.step, .epoch = at.epoch, .params = config});
  events_->post({.type = Event::Type::status, .step = at.step, .epoch = at.epoch, .name = "running"});
}

void Recorder::log(const Metrics& metrics, const Progress& progress) {
  events_->post({.step = progress.step, .epoch = progress.epoch, .metrics = metrics});
  record_.set_metrics(metrics);
}

void Recorder::finish(const std::string& status) {
  events_->close(status);
  record_.finish(status);
}

}  // namespace dl::host
