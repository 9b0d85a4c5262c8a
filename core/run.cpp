#include "core/run.h"

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "core/atomic_file.h"
#include "core/checkpoint_folder.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_removal.h"
#include "core/checkpoint_search.h"
#include "core/errors.h"
#include "core/event_writer.h"
#include "core/failure.h"
#include "core/process_memory.h"
#include "core/run_record.h"
#include "core/toml_file.h"
#include "core/version.h"
#include "core/weights.h"

namespace dl::host {
namespace {

/// The plan, or an error with all that is wrong.
Plan checked_plan(const Value& config, Registry& registry, const Launch& launch, const std::filesystem::path& file,
                  Console& console) {
  Problems problems;
  auto plan = make_plan(config, registry, launch, problems);
  if (!registry.warnings().empty()) console.warn(registry.warnings().text());
  if (!problems.empty()) {
    if (registry.broken_plugin()) throw PluginError(PluginState::not_loadable, problems.text());
    throw UsageError(problems.text());
  }
  if (plan.settings.run.name.empty()) plan.settings.run.name = file.stem().string();
  return plan;
}

/// What rank 0 keeps of a run.
class Recorder {
 public:
  Recorder(const RunArguments& arguments, const Value& config, const Plan& plan, const Registry& registry,
           Objects& objects, Console& console, int threads)
      : console_(console),
        config_toml_(to_toml(config)),
        record_(directory(arguments, plan), plan, registry, objects, arguments, threads) {
    const auto& run = record_.directory();
    run.write_config(config_toml_);
    console.log_to(run.log_file());
    std::vector<NamedLogger> loggers;
    for (const auto& planned : plan.loggers)
      loggers.push_back({registry.full_name(*planned.info), registry.create<Logger>(*planned.info, planned.params)});
    const RunInfo info{
        run.path().string(),    plan.settings.run.experiment, plan.settings.run.name, kVersion, config_toml_, config,
        objects.control->size()};
    events_.emplace(info, Journal(run.path()), std::move(loggers), console);
    post({.type = Event::Type::params, .params = config});
    post({.type = Event::Type::status, .name = "running"});
  }

  void post(Event event) { events_->post(std::move(event)); }
  void log(const Metrics& metrics, const Progress& progress) {
    post({.step = progress.step, .epoch = progress.epoch, .metrics = metrics});
    record_.set_metrics(metrics);
  }
  /// The checkpoint's folder, to be filled and then given to commit(): the `last` before it goes.
  CheckpointFolder begin_checkpoint(const Progress& progress) {
    char name[32];
    std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(progress.step));
    return CheckpointFolder::begin(record_.directory().checkpoints(), name);
  }
  void commit(CheckpointFolder folder, const Progress& progress, const Plan& plan, int ranks) {
    const nlohmann::ordered_json state = {{"step", progress.step},
                                          {"epoch", progress.epoch},
                                          {"seed", plan.settings.engine.seed},
                                          {"world_size", ranks},
                                          {"dlhost", kVersion}};
    write_file_atomically(folder.path() / "state.json", state.dump(2) + "\n");
    write_file_atomically(folder.path() / "config.toml", config_toml_);
    auto committed = folder.commit();
    point_last_to(committed);
    if (last_) remove_checkpoint(*last_);
    last_ = std::move(committed);
  }
  void finish(const std::string& status) {
    events_->close(status);
    record_.finish(status);
  }
  RunRecord& record() { return record_; }

 private:
  static RunDirectory directory(const RunArguments& arguments, const Plan& plan) {
    const auto& run = plan.settings.run;
    return arguments.run_dir.empty() ? RunDirectory::create(run.dir, run.experiment, run.name)
                                     : RunDirectory::at(arguments.run_dir, false);
  }

  Console& console_;
  std::string config_toml_;
  RunRecord record_;
  std::optional<EventWriter> events_;
  std::optional<std::filesystem::path> last_;
};

void save_checkpoint(Recorder* recorder, Objects& objects, const Plan& plan, const Progress& progress) {
  std::optional<CheckpointFolder> folder;
  objects.backend->sync_buffers();
  if (recorder) folder.emplace(recorder->begin_checkpoint(progress));
  save_weights(*objects.backend, objects.networks, folder ? folder->path() : std::filesystem::path(),
               folder.has_value());
  if (folder) recorder->commit(std::move(*folder), progress, plan, objects.control->size());
}

/// Peak resident bytes of each rank. All ranks.
std::vector<int64_t> peak_memory(Communicator& control) {
  auto own = at::tensor(std::vector<int64_t>{ProcessMemory::now().peak_rss}, at::kLong).unsqueeze(0);
  const auto all = control.size() > 1 ? control.all_gather_rows(own, "peak memory") : own;
  return {all.const_data_ptr<int64_t>(), all.const_data_ptr<int64_t>() + all.numel()};
}

void record_result(RunRecord& record, const TrainerResult& result, const std::vector<int64_t>& memory) {
  record.set("steps", result.steps);
  record.set("epochs", result.epochs);
  record.set("samples_per_second",
             result.train_seconds > 0 ? static_cast<double>(result.samples) / result.train_seconds : 0);
  record.set("seconds", seconds_since_process_start());
  record.set("peak_memory_bytes", memory);
}

std::string line_of(const Metrics& metrics) {
  std::string line;
  for (const auto& [name, value] : metrics) line += (line.empty() ? "" : "  ") + name + " " + format_metric(value);
  return line;
}

}  // namespace

int train(const RunArguments& arguments, const Launch& launch) {
  Console console(
      {.rank = launch.rank, .world_size = launch.size, .prints = launch.prints(), .terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  std::optional<Registry> registry;
  std::optional<Plan> plan;
  Objects objects;
  std::optional<Recorder> recorder;
  const int code = failure.guard([&] {
    const auto config = load_config(arguments.config, arguments.set);
    registry.emplace(make_registry(config, arguments.plugin_path));
    plan.emplace(checked_plan(config, *registry, launch, arguments.config, console));
    const int threads = threads_for(launch, plan->settings.engine.threads);
    at::set_num_threads(threads);
    objects = build_objects(*plan, *registry, launch, [&](auto control) { failure.control = std::move(control); });

    std::optional<ProgressDisplay> progress;
    TrainerCalls calls;
    if (launch.prints()) progress.emplace(console);
    Trainer trainer(*plan, objects, progress ? &*progress : nullptr,
                    {[&](const Metrics& metrics, const Progress& at) {
                       if (recorder) recorder->log(metrics, at);
                     },
                     [&](const Progress& at) {
                       if (plan->settings.checkpoint.save_last)
                         save_checkpoint(recorder ? &*recorder : nullptr, objects, *plan, at);
                     },
                     [&] {
                       if (recorder) recorder->record().set("seconds_to_first_step", seconds_since_process_start());
                     }},
                    failure.where);
    if (launch.prints()) {
      recorder.emplace(arguments, config, *plan, *registry, objects, console, threads);
      console.info("run " + recorder->record().directory().path().string());
      console.info(std::to_string(launch.size) + " rank(s) × " + std::to_string(threads) + " thread(s), " +
                   std::to_string(objects.data->size(Split::train)) + " training samples, " +
                   std::to_string(trainer.total_steps()) + " steps");
    }
    failure.building = false;
    auto result = trainer.run();
    const auto test = trainer.evaluate(Split::test, "test_");
    const auto memory = peak_memory(*objects.control);
    if (recorder) {
      Progress end{.step = result.steps, .epoch = result.epochs};
      if (!test.empty()) {
        recorder->log(test, end);
        console.info("test  " + line_of(test));
      }
      record_result(recorder->record(), result, memory);
      recorder->finish("finished");
      console.info("run " + recorder->record().directory().path().string());
    }
    return static_cast<int>(kDone);
  });
  if (code != kDone && recorder) recorder->finish("failed");
  return code;
}

int evaluate(const RunArguments& arguments, Split split, const Launch& launch) {
  Console console(
      {.rank = launch.rank, .world_size = launch.size, .prints = launch.prints(), .terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  std::optional<Registry> registry;
  std::optional<Plan> plan;
  Objects objects;
  return failure.guard([&] {
    const auto folder = resolve_checkpoint(arguments.config);
    if (launch.prints()) verify_checkpoint(folder);
    const auto config = load_config(folder / "config.toml", arguments.set);
    registry.emplace(make_registry(config, arguments.plugin_path));
    plan.emplace(checked_plan(config, *registry, launch, arguments.config, console));
    at::set_num_threads(threads_for(launch, plan->settings.engine.threads));
    objects = build_objects(*plan, *registry, launch, [&](auto control) { failure.control = std::move(control); });
    if (objects.data->size(split) == 0) throw UsageError("the data has no " + to_string(split) + " split");
    load_weights(*objects.backend, objects.networks, folder);
    failure.building = false;
    Trainer trainer(*plan, objects, nullptr, {}, failure.where);
    const auto metrics = trainer.evaluate(split, split == Split::test ? "test_" : "val_");
    if (launch.prints() && arguments.json) {
      nlohmann::ordered_json json;
      for (const auto& [name, value] : metrics) json[name] = value;
      std::cout << json.dump(2) << "\n";
    } else if (launch.prints()) {
      for (const auto& [name, value] : metrics) std::printf("%s %.17g\n", name.c_str(), value);
    }
    return static_cast<int>(kDone);
  });
}

int check(const RunArguments& arguments, const Launch& launch, std::ostream& out) {
  Console console(
      {.rank = launch.rank, .world_size = launch.size, .prints = launch.prints(), .terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  std::optional<Registry> registry;
  return failure.guard([&] {
    const auto config = load_config(arguments.config, arguments.set);
    registry.emplace(make_registry(config, arguments.plugin_path));
    const auto plan = checked_plan(config, *registry, launch, arguments.config, console);
    const auto data = build_data(plan, *registry);
    out << arguments.config.string() << ": ok\n";
    for (const auto split : {Split::train, Split::validation, Split::test})
      out << "  " << to_string(split) << ": " << data->size(split) << " samples\n";
    return static_cast<int>(kDone);
  });
}

}  // namespace dl::host
