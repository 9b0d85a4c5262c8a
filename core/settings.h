#pragma once
/// The host's own tables of the config, each declared once by a schema: checks, defaults and the reference come from
/// it.
#include <optional>
#include <string>
#include <vector>

#include "dl/schema.h"

namespace dl::host {

/// `{ type = "lib.Class", params = { … } }`.
struct ClassChoice {
  std::string type;
  Value params;
  Place place;
  static Schema<ClassChoice> schema();
};

struct OptimizerChoice {
  std::string type;
  Value params;
  std::vector<std::string> networks;  ///< empty: all
  Place place;
  static Schema<OptimizerChoice> schema();
};

struct SchedulerChoice {
  /// When the schedule goes on: every `frequency` epochs or steps.
  struct Call {
    std::string interval = "epoch";
    int64_t frequency = 1;
    static Schema<Call> schema();
  };
  std::string type;
  Value params;
  Call call;
  Place place;
  static Schema<SchedulerChoice> schema();
};

struct DataSettings {
  std::string root;
  std::string dataset;
  std::optional<ClassChoice> module;
  Value transforms;  ///< { train = [ … ], validation = [ … ], … }
  int64_t batch_size = 64;
  int64_t eval_batch_size = 0;
  int64_t num_workers = 0;
  bool shuffle = true;
  bool drop_last = false;
  static Schema<DataSettings> schema();
};

struct ModelSettings {
  std::optional<ClassChoice> module, network, loss;
  std::optional<OptimizerChoice> optimizer;
  std::optional<SchedulerChoice> scheduler;
  Value networks, losses, optimizers, schedulers;  ///< tables by name
  std::vector<ClassChoice> metrics;
  static Schema<ModelSettings> schema();
};

struct EngineSettings {
  Value backend = Value("ddp");
  Value communicator = Value("auto");
  std::string overlap = "auto";
  std::vector<int64_t> gpus;
  int64_t num_nodes = 1;
  Value precision = Value(32);
  int64_t seed = 42;
  int64_t threads = 0;
  double timeout_s = 1800;
  static Schema<EngineSettings> schema();
};

struct TrainSettings {
  int64_t num_epochs = 10;
  int64_t max_steps = 0;
  int64_t val_every_n_epoch = 1;
  int64_t accumulator_epoch = 0;
  int64_t accumulator_factor = 1;
  static Schema<TrainSettings> schema();
};

struct CheckpointSettings {
  bool save_last = true;
  static Schema<CheckpointSettings> schema();
};

struct LoggerSettings {
  std::string type;
  Value params;
  int64_t log_every_n_steps = 10;
  Place place;
  static Schema<LoggerSettings> schema();
};

struct PluginSettings {
  std::vector<std::string> path;
  static Schema<PluginSettings> schema();
};

struct RunSettings {
  std::string dir = "runs";
  std::string experiment = "default";
  std::string name;  ///< empty: the config file's name
  static Schema<RunSettings> schema();
};

struct Settings {
  DataSettings data;
  ModelSettings model;
  EngineSettings engine;
  TrainSettings train;
  CheckpointSettings checkpoint;
  LoggerSettings logger;
  std::vector<ClassChoice> loggers;
  PluginSettings plugins;
  RunSettings run;
  static Schema<Settings> schema();
};

}  // namespace dl::host
