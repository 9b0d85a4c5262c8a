#include "core/settings.h"

#include "core/train_limits.h"

namespace dl::host {
namespace {

Check duration() {
  return {"\"HH:MM:SS\" or \"DD:HH:MM:SS\"", [](const Value& value) {
            const auto* text = value.get_if<std::string>();
            return text && (text->empty() || parse_duration(*text));
          }};
}

}  // namespace

Schema<ClassChoice> ClassChoice::schema() {
  return Schema<ClassChoice>("A class of a plugin.")
      .field("type", &ClassChoice::type, "\"lib.Class\"")
      .field("params", &ClassChoice::params, "the class's options: see `dlhost inspect lib.Class`");
}

Schema<OptimizerChoice> OptimizerChoice::schema() {
  return Schema<OptimizerChoice>("An optimizer and what it updates.")
      .field("type", &OptimizerChoice::type, "\"lib.Class\"")
      .field("params", &OptimizerChoice::params, "the class's options, `lr` among them")
      .field("networks", &OptimizerChoice::networks, "names of the networks that it updates; empty: all")
      .field("groups", &OptimizerChoice::groups,
             "tables { match = \"*.bias\", … }: other options for the parameters whose names match");
}

Schema<SchedulerChoice::Call> SchedulerChoice::Call::schema() {
  return Schema<Call>("When the schedule goes on.")
      .field("interval", &Call::interval, "what is counted", one_of({"epoch", "step"}))
      .field("frequency", &Call::frequency, "every so many of them", at_least(1))
      .field("monitor", &Call::monitor, "the metric that a schedule such as ReduceLROnPlateau follows");
}

Schema<SchedulerChoice> SchedulerChoice::schema() {
  return Schema<SchedulerChoice>("A schedule of the optimizer of the same name.")
      .field("type", &SchedulerChoice::type, "\"lib.Class\"")
      .field("params", &SchedulerChoice::params, "the class's options")
      .field("call", &SchedulerChoice::call, "when it goes on");
}

Schema<DataSettings> DataSettings::schema() {
  return Schema<DataSettings>("What to train on.")
      .field("root", &DataSettings::root, "folder of the data, relative to the current folder")
      .field("dataset", &DataSettings::dataset, "a label for people; logged with the run")
      .field("module", &DataSettings::module, "the data class")
      .field("transforms", &DataSettings::transforms, "lists of transform classes by split: train, validation, test")
      .field("batch_size", &DataSettings::batch_size, "samples a rank and micro-batch", at_least(1))
      .field("eval_batch_size", &DataSettings::eval_batch_size, "samples an evaluation batch; 0: batch_size",
             at_least(0))
      .field("num_workers", &DataSettings::num_workers, "loader threads a rank; 0: on the training thread",
             between(0, 256))
      .field("shuffle", &DataSettings::shuffle, "a new order of the training samples each epoch")
      .field("drop_last", &DataSettings::drop_last, "drop the last, smaller batch instead of dealing it out");
}

Schema<ModelSettings> ModelSettings::schema() {
  return Schema<ModelSettings>("What to train.")
      .field("module", &ModelSettings::module, "the task class")
      .field("network", &ModelSettings::network, "the network named \"main\"")
      .field("networks", &ModelSettings::networks, "networks by name")
      .field("optimizer", &ModelSettings::optimizer, "the optimizer named \"main\"")
      .field("optimizers", &ModelSettings::optimizers, "optimizers by name")
      .field("scheduler", &ModelSettings::scheduler, "the scheduler of the optimizer \"main\"")
      .field("schedulers", &ModelSettings::schedulers, "schedulers by the name of their optimizer")
      .field("loss", &ModelSettings::loss, "the loss named \"main\"")
      .field("losses", &ModelSettings::losses, "losses by name")
      .field("metrics", &ModelSettings::metrics, "metric classes, for evaluation");
}

Schema<LossScaleSettings> LossScaleSettings::schema() {
  return Schema<LossScaleSettings>(
             "The factor on the loss in precision = 16, adapted as torch.amp.GradScaler does: steps whose gradients "
             "are "
             "infinite or NaN are left out and take it back.")
      .field("init_scale", &LossScaleSettings::init_scale, "what it begins with", greater_than(0))
      .field("growth_factor", &LossScaleSettings::growth_factor, "by which it grows", greater_than(1))
      .field("backoff_factor", &LossScaleSettings::backoff_factor, "by which an overflow takes it back, below 1",
             greater_than(0))
      .field("growth_interval", &LossScaleSettings::growth_interval, "steps without an overflow until it grows",
             at_least(1))
      .field("min_loss_scale", &LossScaleSettings::min_loss_scale, "the run ends where it would fall below",
             greater_than(0));
}

Schema<EngineSettings> EngineSettings::schema() {
  return Schema<EngineSettings>("How to train: ranks, devices, precision.")
      .field("backend", &EngineSettings::backend,
             "ddp, deepspeed_stage_1|2|3, \"lib.Class\" or { type, params }: the parallel strategy")
      .field("communicator", &EngineSettings::communicator,
             "auto (under mpirun nccl.Communicator with gpus and mpi.Communicator without; alone self), self, "
             "\"lib.Class\" or { type, params }")
      .field("overlap", &EngineSettings::overlap,
             "communicate beside the backward pass; auto: off when cores <= ranks or with sync_batchnorm",
             one_of({"auto", "on", "off"}))
      .field("gpus", &EngineSettings::gpus, "CUDA devices by local rank; empty: the CPU", between(0, 127))
      .field("num_nodes", &EngineSettings::num_nodes, "hosts; checked against what mpirun gave", at_least(1))
      .field(
          "precision", &EngineSettings::precision,
          "64, 32, \"bf16\" (float32, the forward pass under autocast), 16 (the same in float16, with a loss scale) or "
          "\"bf16-true\" (all in bfloat16); or Lightning's names: \"bf16-mixed\", …")
      .field("loss_scale", &EngineSettings::loss_scale, "of precision = 16")
      .field("seed", &EngineSettings::seed, "of all that is random", at_least(0))
      .field("threads", &EngineSettings::threads, "threads a rank; 0: its share of the cores", between(0, 4096))
      .field("timeout_s", &EngineSettings::timeout_s, "seconds after which a collective fails", greater_than(0))
      .field("deterministic", &EngineSettings::deterministic,
             "refuse operators that have no deterministic form; fill uninitialised memory")
      .field("sync_batchnorm", &EngineSettings::sync_batchnorm,
             "batch norms take their statistics over all ranks' samples of a micro-batch, not each rank's own");
}

Schema<GradientClip> GradientClip::schema() {
  return Schema<GradientClip>("Bounds the gradients of each update; one of the two.")
      .field("norm", &GradientClip::norm, "largest L2 norm of all gradients of the optimizer together", greater_than(0))
      .field("value", &GradientClip::value, "largest absolute value of an element", greater_than(0));
}

Schema<EarlyStoppingSettings> EarlyStoppingSettings::schema() {
  return Schema<EarlyStoppingSettings>("Ends the training when a metric no longer improves.")
      .field("monitor", &EarlyStoppingSettings::monitor, "the metric, such as val_loss")
      .field("mode", &EarlyStoppingSettings::mode, "which way is better", one_of({"min", "max"}))
      .field("patience", &EarlyStoppingSettings::patience, "validations without improvement before it stops",
             at_least(0))
      .field("min_delta", &EarlyStoppingSettings::min_delta, "least change that counts as improvement", at_least(0))
      .field("stopping_threshold", &EarlyStoppingSettings::stopping_threshold, "stop as soon as it is better than this")
      .field("divergence_threshold", &EarlyStoppingSettings::divergence_threshold,
             "stop as soon as it is worse than this")
      .field("check_finite", &EarlyStoppingSettings::check_finite, "stop when it is NaN or infinite");
}

Schema<EmaSettings> EmaSettings::schema() {
  return Schema<EmaSettings>("An exponential moving average of the weights, used to evaluate and to save.")
      .field("decay", &EmaSettings::decay, "share of the average that is kept at each update", between(0, 1))
      .field("every_n_steps", &EmaSettings::every_n_steps, "steps between two updates of the average", at_least(1))
      .field("start_step", &EmaSettings::start_step, "first step after which it is updated", at_least(0));
}

Schema<SwaSettings> SwaSettings::schema() {
  return Schema<SwaSettings>("Stochastic weight averaging: the mean of the weights at the ends of the last epochs.")
      .field("start_epoch", &SwaSettings::start_epoch, "first epoch (from 0) whose weights count", at_least(0))
      .field("lr", &SwaSettings::lr, "learning rate to anneal to from then on", greater_than(0))
      .field("anneal_epochs", &SwaSettings::anneal_epochs, "epochs that the annealing takes", at_least(0))
      .field("anneal_strategy", &SwaSettings::anneal_strategy, "its form", one_of({"cos", "linear"}));
}

Schema<FreezeRule> FreezeRule::schema() {
  return Schema<FreezeRule>("Parameters that are not trained in some epochs.")
      .field("match", &FreezeRule::match, "pattern of parameter names, such as conv1.* or generator.*")
      .field("from_epoch", &FreezeRule::from_epoch, "first epoch (from 0) in which they are frozen", at_least(0))
      .field("until_epoch", &FreezeRule::until_epoch, "first epoch in which they are trained again; left out: never",
             at_least(1));
}

Schema<ProfileSettings> ProfileSettings::schema() {
  return Schema<ProfileSettings>(
             "A trace of some steps, for chrome://tracing or Perfetto: artifacts/trace-rank-R.json.")
      .field("start_step", &ProfileSettings::start_step, "first step (from 0) in the trace", at_least(0))
      .field("num_steps", &ProfileSettings::num_steps, "steps in the trace", between(1, 1000));
}

Schema<TrainSettings> TrainSettings::schema() {
  return Schema<TrainSettings>("How long to train, and what to do on the way.")
      .field("num_epochs", &TrainSettings::num_epochs,
             "passes over the training data; 0: none, and the state as it begins is saved", at_least(0))
      .field("max_steps", &TrainSettings::max_steps, "stop after so many steps; 0: no limit", at_least(0))
      .field("max_time", &TrainSettings::max_time, "stop after so much training; empty: no limit", duration())
      .field("val_every_n_epoch", &TrainSettings::val_every_n_epoch, "validate after every so many epochs; 0: never",
             at_least(0))
      .field("val_every_n_step", &TrainSettings::val_every_n_step, "and after every so many steps; 0: never",
             at_least(0))
      .field("val_every_fraction", &TrainSettings::val_every_fraction,
             "and after every such fraction of an epoch; 0: never", between(0, 1))
      .field("val_every_minutes", &TrainSettings::val_every_minutes, "and after so many minutes of training; 0: never",
             at_least(0))
      .field("sanity_val_batches", &TrainSettings::sanity_val_batches,
             "validation batches that are tried before the first step; 0: none", at_least(0))
      .field("limit_train_batches", &TrainSettings::limit_train_batches,
             "batches of an epoch: an integer counts them, a float is a fraction")
      .field("limit_val_batches", &TrainSettings::limit_val_batches, "the same for a validation")
      .field("limit_test_batches", &TrainSettings::limit_test_batches, "the same for the test")
      .field("overfit_batches", &TrainSettings::overfit_batches,
             "train and validate on so many batches (or such a fraction) of the training data, unshuffled; 0: off")
      .field("fast_dev_run", &TrainSettings::fast_dev_run,
             "true (or n): 1 (or n) batches of training, validation and test; nothing saved, no loggers")
      .field("accumulator_epoch", &TrainSettings::accumulator_epoch, "first epoch (from 0) with accumulation",
             at_least(0))
      .field("accumulator_factor", &TrainSettings::accumulator_factor, "micro-batches a step from that epoch on",
             at_least(1))
      .field("gradient_clip", &TrainSettings::gradient_clip, "bounds the gradients")
      .field("log_grad_norm", &TrainSettings::log_grad_norm, "log the gradients' L2 norm as grad_norm")
      .field("nan_policy", &TrainSettings::nan_policy,
             "a loss or gradient norm that is NaN or infinite stops the run, skips the update (buffers such as running "
             "statistics are put back), or is not looked for",
             one_of({"stop", "skip", "ignore"}))
      .field("early_stopping", &TrainSettings::early_stopping, "ends the training when a metric no longer improves")
      .field("ema", &TrainSettings::ema, "exponential moving average of the weights")
      .field("swa", &TrainSettings::swa, "stochastic weight averaging")
      .field("freeze", &TrainSettings::freeze, "rules { match, from_epoch, until_epoch } of parameters not to train")
      .field("profile", &TrainSettings::profile, "a trace of some steps")
      .field("resume_ckpt", &TrainSettings::resume_ckpt, "a checkpoint or run to go on from, or \"auto\": --resume")
      .field("init_from", &TrainSettings::init_from,
             "weights to begin with, unless a run is gone on with: a safetensors file or one of torch.save (.pt, "
             ".pth, Lightning's .ckpt), or files by network: --init-from")
      .field("init_prefix", &TrainSettings::init_prefix,
             "what names in that file begin with, such as \"network.\"; names without it are not looked at: "
             "--init-prefix")
      .field("init_partial", &TrainSettings::init_partial,
             "take what fits and say what does not, instead of an error: --init-partial");
}

Schema<CheckpointSettings> CheckpointSettings::schema() {
  return Schema<CheckpointSettings>("What is kept of the run.")
      .field("save_last", &CheckpointSettings::save_last, "keep the newest state as checkpoints/last")
      .field("every_n_epochs", &CheckpointSettings::every_n_epochs, "save it after every so many epochs; 0: not",
             at_least(0))
      .field("every_n_steps", &CheckpointSettings::every_n_steps, "and after every so many steps; 0: not", at_least(0))
      .field("every_minutes", &CheckpointSettings::every_minutes, "and after so many minutes of training; 0: not",
             at_least(0))
      .field("monitor", &CheckpointSettings::monitor,
             "the metric, such as val_loss, by which the best are kept, as checkpoints/best; empty: none")
      .field("mode", &CheckpointSettings::mode, "which way is better", one_of({"min", "max"}))
      .field("save_top_k", &CheckpointSettings::save_top_k, "how many of the best are kept", at_least(1))
      .field("filename", &CheckpointSettings::filename,
             "the form of their names, as \"{epoch:02d}-{step}-{val_loss:.3f}\", which makes "
             "epoch=02-step=1200-val_loss=0.324 (epochs from 0; metrics: the newest validation's); empty: "
             "step-00001200")
      .field("background", &CheckpointSettings::background,
             "write from a copy in memory while the training goes on: true, false, or \"auto\": not where rank 0 would "
             "have to hold a network that ZeRO cuts, so with ZeRO only where sharded = true")
      .field("snapshot_mb", &CheckpointSettings::snapshot_mb,
             "most MiB that such a copy may take on a rank; larger ones are written while the training waits",
             between(0, 1 << 30))
      .field(
          "sharded", &CheckpointSettings::sharded,
          "each rank writes its rows of every tensor into a file of its own (model-00001-of-00004.safetensors, which "
          "PyTorch's HuggingFaceStorageReader reads), instead of rank 0 all of them");
}

Schema<LoggerSettings> LoggerSettings::schema() {
  return Schema<LoggerSettings>("Where metrics go beside the run's own metrics.jsonl.")
      .field("type", &LoggerSettings::type, "\"lib.Class\"; empty: only the journal")
      .field("params", &LoggerSettings::params, "the class's options")
      .field("log_every_n_steps", &LoggerSettings::log_every_n_steps, "steps between two log lines", at_least(1));
}

Schema<PluginSettings> PluginSettings::schema() {
  return Schema<PluginSettings>("Where plugins are looked for.")
      .field("path", &PluginSettings::path, "folders, relative to this file");
}

Schema<RunSettings> RunSettings::schema() {
  return Schema<RunSettings>("Where the run is kept: DIR/EXPERIMENT/TIME-NAME.")
      .field("dir", &RunSettings::dir, "folder of all runs")
      .field("experiment", &RunSettings::experiment, "folder of runs that belong together")
      .field("name", &RunSettings::name, "a name for people; empty: the config file's");
}

Schema<Settings> Settings::schema() {
  return Schema<Settings>("The config of a run.")
      .field("data", &Settings::data, "what to train on")
      .field("model", &Settings::model, "what to train")
      .field("engine", &Settings::engine, "how to train")
      .field("train", &Settings::train, "how long to train")
      .field("checkpoint", &Settings::checkpoint, "what is kept")
      .field("logger", &Settings::logger, "where metrics go")
      .field("loggers", &Settings::loggers, "further loggers")
      .field("plugins", &Settings::plugins, "where plugins are")
      .field("run", &Settings::run, "where the run is kept");
}

}  // namespace dl::host
