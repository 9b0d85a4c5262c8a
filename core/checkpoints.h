#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "core/evaluator.h"
#include "core/objects.h"
#include "core/train_state.h"
#include "core/weight_average.h"

namespace dl::host {

/// Which states of a run are kept, as `[checkpoint]` says: the newest as checkpoints/last, and the best by a metric as
/// checkpoints/best. All ranks make the same calls and come to the same decisions; rank 0 writes.
class Checkpoints {
 public:
  /// `folder`: the run's checkpoints folder. `average`: null where there is none.
  Checkpoints(const Plan& plan, Objects& objects, WeightAverage* average, std::filesystem::path folder,
              std::string config_toml);

  /// Whether to save after a step. `minutes_over`: the ranks agreed that `every_minutes` have passed.
  bool due_after_step(const TrainState& state, bool minutes_over) const;
  bool due_after_epoch(const TrainState& state) const;
  /// Keeps the state if it is among the best by the monitored metric. Throws Error where `metrics` lacks it.
  void after_validation(TrainState& state, const Metrics& metrics);
  /// Saves unless this step is saved already. Returns its name, such as "step-00001200".
  std::string save(TrainState& state);

  /// Restores weights, optimizers and the training's state from `checkpoint`, on all ranks. `here`: it is one of this
  /// run's own, so its list of the best goes on.
  TrainState load(const std::filesystem::path& checkpoint, bool here);
  /// The best checkpoint's folder; nothing where there is none.
  std::optional<std::filesystem::path> best(const TrainState& state) const;

 private:
  void write(const std::string& name, const TrainState& state);
  std::string free_name(int64_t step) const;
  void remove_unneeded(const TrainState& state);

  const CheckpointSettings& settings_;
  bool enabled_;
  Objects& objects_;
  WeightAverage* average_;
  std::filesystem::path folder_;
  bool writes_;
  std::string config_toml_;
  uint64_t seed_;
  int64_t saved_step_ = -1;
  std::string saved_name_;
  std::set<std::string> kept_;  ///< names written or taken over by this object that are still there
};

}  // namespace dl::host
