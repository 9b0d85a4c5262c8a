#include "core/run.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "core/checked_plan.h"
#include "core/checkpoint_load.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "core/errors.h"
#include "core/failure.h"
#include "core/initial_weights.h"
#include "core/memory_check.h"
#include "core/model_summary.h"
#include "core/process_memory.h"
#include "core/recorder.h"
#include "core/resume.h"
#include "core/shared_folder.h"
#include "core/shared_text.h"
#include "core/stop_signals.h"
#include "core/tensor_memory.h"
#include "core/toml_file.h"
#include "core/weights.h"

namespace dl::host {
namespace {

/// Peak resident bytes of each rank. All ranks.
std::vector<int64_t> peak_memory(Communicator& control) {
  auto own = at::tensor(std::vector<int64_t>{ProcessMemory::now().peak_rss}, at::kLong).unsqueeze(0);
  const auto all = control.size() > 1 ? control.all_gather_rows(own, "peak memory") : own;
  return {all.const_data_ptr<int64_t>(), all.const_data_ptr<int64_t>() + all.numel()};
}

void record_result(RunRecord& record, const TrainerResult& result, const TrainState& state,
                   const std::vector<int64_t>& memory) {
  record.set("steps", state.at.step);
  record.set("epochs", state.at.epoch);
  record.set("samples_per_second",
             result.train_seconds > 0 ? static_cast<double>(result.samples) / result.train_seconds : 0);
  const auto times = result.step_times.summary();
  record.set("step_seconds",
             {{"median", times.median}, {"p10", times.p10}, {"p90", times.p90}, {"steps", times.steps}});
  record.set("seconds", seconds_since_process_start());
  record.set("peak_memory_bytes", memory);
}

void set_deterministic(bool on) {
  if (!on) return;
  at::globalContext().setDeterministicAlgorithms(true, false);
  at::globalContext().setDeterministicFillUninitializedMemory(true);
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);  // without it cuBLAS refuses, with GPUs
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
  const StopSignals signals;
  std::optional<Registry> registry;
  std::optional<Plan> plan;
  Objects objects;
  std::optional<Recorder> recorder;
  failure.record = [&] {
    if (recorder) recorder->finish("failed");
  };
  return failure.guard([&] {
    Problems problems;
    const auto config = load_config(arguments.config, arguments.set, problems);
    registry.emplace(make_registry(config, arguments.plugin_path, problems));
    plan.emplace(checked_plan(config, *registry, launch, arguments.config, console, std::move(problems)));
    const int threads = threads_for(launch, plan->settings.engine.threads);
    at::set_num_threads(threads);
    set_deterministic(plan->settings.engine.deterministic);
    objects = build_objects(*plan, *registry, launch, [&](auto control) { failure.control = std::move(control); });
    check_memory(objects, launch);
    auto& control = *objects.control;

    std::optional<ProgressDisplay> progress;
    if (launch.prints()) progress.emplace(console);

    TrainerCalls calls;
    calls.log = [&](const Metrics& metrics, const Progress& at) {
      if (recorder) recorder->log(metrics, at);
    };
    calls.say = [&](const std::string& line) { console.info(line); };
    calls.first_step = [&] {
      if (recorder) recorder->record().set("seconds_to_first_step", seconds_since_process_start());
    };
    calls.stop_asked = [] { return StopSignals::received() != 0; };
    Trainer trainer(*plan, objects, progress ? &*progress : nullptr, calls, failure.where);

    const auto resumed = shared_resume_point(
        control, [&](const auto& lacks) { return find_resume_point(arguments, *plan, lacks, console); });
    std::optional<WeightAverage> average;
    const auto& settings = plan->settings;
    if (settings.train.ema || settings.train.swa)
      average.emplace(settings.train.ema, settings.train.swa, *objects.backend, objects.optimizers);
    // Before anything in the run's directory is changed: what does not fit leaves it as it was.
    TrainState state;
    const auto plugins = plugin_versions(*registry);
    if (resumed)
      state = load_checkpoint(resumed->checkpoint, objects, average ? &*average : nullptr, plugins);
    else
      load_initial_weights(*objects.backend, objects.networks, settings.train, calls.say,
                           [&](const std::string& line) { console.warn(line); });
    const bool keeps = !plan->limits.dev_run;
    if (launch.prints() && keeps)
      recorder.emplace(arguments, config, *plan, *registry, objects, console, threads,
                       resumed ? resumed->run_dir : std::filesystem::path(), state.at);
    const std::filesystem::path directory =
        shared_text(control, recorder ? recorder->directory().path().string() : "", "the run directory");

    CheckpointShare share;
    if (keeps) {
      const auto sharing = ranks_that_share(control, directory / "checkpoints");
      if (sharing.size() < static_cast<size_t>(control.size())) copy_run_record(control, sharing, directory);
      share = CheckpointShare::of(sharing, control.rank(), settings.checkpoint.sharded);
    }
    Checkpoints checkpoints(*plan, objects, average ? &*average : nullptr, directory / "checkpoints", share,
                            {to_toml(config), plugins}, console);
    std::optional<StepProfiler> profiler;
    if (settings.train.profile && launch.prints() && keeps)
      profiler.emplace(*settings.train.profile, directory / "artifacts" / "trace.json");
    if (keeps && resumed && resumed->run_dir == directory)
      checkpoints.go_on(state, resumed->checkpoint);
    else
      state.best = nlohmann::ordered_json::array();
    if (recorder) console.info("run " + directory.string());
    if (resumed)
      console.info("resumed from " + resumed->checkpoint.string() + ": epoch " + std::to_string(state.at.epoch + 1) +
                   ", step " + std::to_string(state.at.step));
    console.info(model_summary(objects.networks));
    std::string gpus;
    for (const auto gpu : settings.engine.gpus) gpus += (gpus.empty() ? ", GPUs " : ", ") + std::to_string(gpu);
    console.info(std::to_string(launch.size) + " rank(s) × " + std::to_string(threads) + " thread(s)" + gpus + ", " +
                 std::to_string(objects.data->size(Split::train)) + " training samples, " +
                 std::to_string(trainer.total_steps()) + " steps");
    failure.building = false;
    TensorMemory::install().keep_freed();
    auto result = trainer.run(state, {&checkpoints, average ? &*average : nullptr, profiler ? &*profiler : nullptr});
    if (result.ending == Ending::interrupted) {
      const auto signal = StopSignals::received();
      if (recorder) {
        record_result(recorder->record(), result, state, peak_memory(control));
        recorder->finish("interrupted");
      } else if (keeps) {
        peak_memory(control);
      }
      console.info(
          "interrupted" + (signal ? " by " + StopSignals::name(signal) : std::string(" on another rank's signal")) +
          " in epoch " + std::to_string(state.at.epoch + 1) + " after step " + std::to_string(state.at.step) +
          (keeps ? "; the state is saved, go on with --resume " + directory.string() : "; fast_dev_run saves nothing"));
      return static_cast<int>(kInterrupted);
    }

    const bool test_best = checkpoints.best(state).has_value();
    std::optional<WeightAverage::InUse> averaged;
    if (test_best)
      load_weights(*objects.backend, objects.networks, *checkpoints.best(state));
    else
      averaged.emplace(average ? &*average : nullptr);
    const auto test = trainer.evaluate(Split::test, "test_", plan->limits.test);
    averaged.reset();
    const auto memory = peak_memory(control);
    if (!test.empty()) {
      if (recorder) recorder->log(test, state.at);
      console.info("test  " + line_of(test) + (test_best ? "  (checkpoints/best)" : ""));
    }
    if (recorder) {
      record_result(recorder->record(), result, state, memory);
      recorder->finish("finished");
      console.info("run " + directory.string());
    }
    return static_cast<int>(kDone);
  });
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
    Problems problems;
    const auto config = load_config(folder / "config.toml", arguments.set, problems);
    registry.emplace(make_registry(config, arguments.plugin_path, problems));
    plan.emplace(checked_plan(config, *registry, launch, arguments.config, console, std::move(problems)));
    at::set_num_threads(threads_for(launch, plan->settings.engine.threads));
    objects = build_objects(*plan, *registry, launch, [&](auto control) { failure.control = std::move(control); });
    if (objects.data->size(split) == 0) throw UsageError("the data has no " + to_string(split) + " split");
    load_weights(*objects.backend, objects.networks, folder);
    failure.building = false;
    TensorMemory::install().keep_freed();
    Trainer trainer(*plan, objects, nullptr, {}, failure.where);
    const bool test = split == Split::test;
    const auto metrics =
        trainer.evaluate(split, test ? "test_" : "val_", test ? plan->limits.test : plan->limits.validation);
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

}  // namespace dl::host
