#include "core/settings.h"

namespace dl::host {

Schema<ClassChoice> ClassChoice::schema() {
  return Schema<ClassChoice>("A class of a plugin.")
      .field("type", &ClassChoice::type, "\"lib.Class\"")
      .field("params", &ClassChoice::params, "the class's options: see `dlhost inspect lib.Class`");
}

Schema<OptimizerChoice> OptimizerChoice::schema() {
  return Schema<OptimizerChoice>("An optimizer and what it updates.")
      .field("type", &OptimizerChoice::type, "\"lib.Class\"")
      .field("params", &OptimizerChoice::params, "the class's options, `lr` among them")
      .field("networks", &OptimizerChoice::networks, "names of the networks that it updates; empty: all");
}

Schema<SchedulerChoice::Call> SchedulerChoice::Call::schema() {
  return Schema<Call>("When the schedule goes on.")
      .field("interval", &Call::interval, "what is counted", one_of({"epoch", "step"}))
      .field("frequency", &Call::frequency, "every so many of them", at_least(1));
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

Schema<EngineSettings> EngineSettings::schema() {
  return Schema<EngineSettings>("How to train: ranks, devices, precision.")
      .field("backend", &EngineSettings::backend,
             "ddp, deepspeed_stage_1|2|3, \"lib.Class\" or { type, params }: the parallel strategy")
      .field("communicator", &EngineSettings::communicator,
             "auto (mpi.Communicator under mpirun, else self), self, \"lib.Class\" or { type, params }")
      .field("overlap", &EngineSettings::overlap, "communicate beside the backward pass; auto: off when cores <= ranks",
             one_of({"auto", "on", "off"}))
      .field("gpus", &EngineSettings::gpus, "CUDA devices by local rank; empty: the CPU", at_least(0))
      .field("num_nodes", &EngineSettings::num_nodes, "hosts; checked against what mpirun gave", at_least(1))
      .field("precision", &EngineSettings::precision, "32 or 64")
      .field("seed", &EngineSettings::seed, "of all that is random", at_least(0))
      .field("threads", &EngineSettings::threads, "threads a rank; 0: its share of the cores", between(0, 4096))
      .field("timeout_s", &EngineSettings::timeout_s, "seconds after which a collective fails", greater_than(0));
}

Schema<TrainSettings> TrainSettings::schema() {
  return Schema<TrainSettings>("How long to train, and what to do on the way.")
      .field("num_epochs", &TrainSettings::num_epochs, "passes over the training data", at_least(0))
      .field("max_steps", &TrainSettings::max_steps, "stop after so many steps; 0: no limit", at_least(0))
      .field("val_every_n_epoch", &TrainSettings::val_every_n_epoch, "validate after every so many epochs; 0: never",
             at_least(0))
      .field("accumulator_epoch", &TrainSettings::accumulator_epoch, "first epoch (from 0) with accumulation",
             at_least(0))
      .field("accumulator_factor", &TrainSettings::accumulator_factor, "micro-batches a step from that epoch on",
             at_least(1));
}

Schema<CheckpointSettings> CheckpointSettings::schema() {
  return Schema<CheckpointSettings>("What is kept of the run.")
      .field("save_last", &CheckpointSettings::save_last, "keep the weights of the last epoch as checkpoints/last");
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
