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
  std::vector<Value> groups;  ///< { match = "*.bias", weight_decay = 0.0 }: options overlaid for some parameters
  Place place;
  static Schema<OptimizerChoice> schema();
};

struct SchedulerChoice {
  /// When the schedule goes on: every `frequency` epochs or steps.
  struct Call {
    std::string interval = "epoch";
    int64_t frequency = 1;
    std::string monitor;  ///< the metric that a schedule such as ReduceLROnPlateau follows
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

/// Of precision = 16: the names and defaults of torch.amp.GradScaler, min_loss_scale is DeepSpeed's.
struct LossScaleSettings {
  double init_scale = 65536;
  double growth_factor = 2;
  double backoff_factor = 0.5;
  int64_t growth_interval = 2000;
  double min_loss_scale = 1;
  static Schema<LossScaleSettings> schema();
};

struct EngineSettings {
  Value backend = Value("ddp");
  Value communicator = Value("auto");
  std::string overlap = "auto";
  std::vector<int64_t> gpus;
  int64_t num_nodes = 1;
  Value precision = Value(32);
  std::optional<LossScaleSettings> loss_scale;
  int64_t seed = 42;
  int64_t threads = 0;
  double timeout_s = 1800;
  bool deterministic = false;
  bool sync_batchnorm = false;
  static Schema<EngineSettings> schema();
};

struct GradientClip {
  std::optional<double> norm, value;
  static Schema<GradientClip> schema();
};

struct EarlyStoppingSettings {
  std::string monitor;
  std::string mode = "min";
  int64_t patience = 3;
  double min_delta = 0;
  std::optional<double> stopping_threshold, divergence_threshold;
  bool check_finite = true;
  static Schema<EarlyStoppingSettings> schema();
};

struct EmaSettings {
  double decay = 0.999;
  int64_t every_n_steps = 1;
  int64_t start_step = 0;
  static Schema<EmaSettings> schema();
};

struct SwaSettings {
  int64_t start_epoch = 0;
  std::optional<double> lr;
  int64_t anneal_epochs = 10;
  std::string anneal_strategy = "cos";
  static Schema<SwaSettings> schema();
};

struct FreezeRule {
  std::string match;
  int64_t from_epoch = 0;
  std::optional<int64_t> until_epoch;
  Place place;
  static Schema<FreezeRule> schema();
};

struct ProfileSettings {
  int64_t start_step = 10;
  int64_t num_steps = 5;
  static Schema<ProfileSettings> schema();
};

struct TrainSettings {
  int64_t num_epochs = 10;
  int64_t max_steps = 0;
  std::string max_time;
  int64_t val_every_n_epoch = 1;
  int64_t val_every_n_step = 0;
  double val_every_fraction = 0;
  double val_every_minutes = 0;
  int64_t sanity_val_batches = 2;
  Value limit_train_batches = Value(1.0);  ///< integer: a count; float: a fraction
  Value limit_val_batches = Value(1.0);
  Value limit_test_batches = Value(1.0);
  Value overfit_batches = Value(0);
  Value fast_dev_run = Value(false);  ///< or a number of batches
  int64_t accumulator_epoch = 0;
  int64_t accumulator_factor = 1;
  std::optional<GradientClip> gradient_clip;
  bool log_grad_norm = false;
  std::string nan_policy = "stop";
  std::optional<EarlyStoppingSettings> early_stopping;
  std::optional<EmaSettings> ema;
  std::optional<SwaSettings> swa;
  std::vector<FreezeRule> freeze;
  std::optional<ProfileSettings> profile;
  std::string resume_ckpt;
  Value init_from = Value("");  ///< a file, or files by network
  std::string init_prefix;
  bool init_partial = false;
  static Schema<TrainSettings> schema();
};

struct CheckpointSettings {
  bool save_last = true;
  int64_t every_n_epochs = 1;
  int64_t every_n_steps = 0;
  double every_minutes = 0;
  std::string monitor;
  std::string mode = "min";
  int64_t save_top_k = 1;
  std::string filename;              ///< see CheckpointName
  Value background = Value("auto");  ///< or true, false
  int64_t snapshot_mb = 1024;
  bool sharded = false;
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
