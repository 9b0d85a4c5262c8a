#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/background_work.h"
#include "core/checkpoint_folder.h"
#include "core/checkpoint_name.h"
#include "core/checkpoint_share.h"
#include "core/checkpoint_snapshot.h"
#include "core/console.h"
#include "core/evaluator.h"
#include "core/objects.h"
#include "core/train_state.h"
#include "core/weight_average.h"

namespace dl::host {

/// Which states of a run are kept, as `[checkpoint]` says: the newest as checkpoints/last, and the best by a metric as
/// checkpoints/best. All ranks make the same calls and come to the same decisions; those that have a share write, with
/// `background` on a thread of their own, from a copy, while the training goes on.
class Checkpoints {
 public:
  /// What a checkpoint says of where it is from.
  struct Origin {
    std::string config_toml;
    std::map<std::string, std::string> plugins;  ///< versions by name
  };
  /// `folder`: the run's checkpoints folder, of which this rank writes its `share`. `average`: null where there is
  /// none.
  Checkpoints(const Plan& plan, Objects& objects, WeightAverage* average, std::filesystem::path folder,
              const CheckpointShare& share, Origin origin, Console& console);
  /// One that is being written by this rank alone is finished first: what ended the run does not take it along.
  ~Checkpoints();
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  /// After the run was loaded from one of its own checkpoints: it is not saved again, and its list of the best goes on,
  /// but for those that are gone. Leftovers of killed processes are removed.
  void go_on(TrainState& state, const std::filesystem::path& checkpoint);

  /// Whether to save after a step. `minutes_over`: the ranks agreed that `every_minutes` have passed.
  bool due_after_step(const TrainState& state, bool minutes_over) const;
  bool due_after_epoch(const TrainState& state) const;
  /// Keeps the state if it is among the best by the monitored metric. Throws Error where `metrics` lacks it.
  void after_validation(TrainState& state, const Metrics& metrics);
  /// Saves unless this step is saved already. Returns its name, such as "step-00001200". `wait`: it is whole, under
  /// that name, when this returns; else perhaps only at a later commit().
  std::string save(TrainState& state, bool wait);
  /// This rank is writing in the background.
  bool writing() const { return writer_.busy() && !writer_.done(); }
  /// Gives what was written in the background its name, and removes what it replaces; nothing where nothing was. Called
  /// on all ranks after the same step, once they agreed that none is writing(). Throws what the writing threw.
  void commit() { take_written(); }
  /// Waits for what is being written, and commits it. All ranks: when it returns, all of them see it.
  void finish();

  /// The form of their names.
  const CheckpointName& form() const { return form_; }
  /// The best checkpoint's folder; nothing where there is none.
  std::optional<std::filesystem::path> best(const TrainState& state) const;

 private:
  using Json = nlohmann::ordered_json;
  using Texts = std::map<std::string, std::string>;
  void begin(TrainState& state, bool wait);
  bool take_snapshot();
  void gather(CheckpointSink& sink);
  std::string free_name(const TrainState& state) const;
  void take_written();
  void keep(CheckpointFolder* folder, CheckpointManifest written);
  void remove_unneeded();

  const CheckpointSettings& settings_;
  CheckpointName form_;
  std::string monitor_key_;  ///< for errors
  int64_t seed_;
  bool enabled_;
  Objects& objects_;
  WeightAverage* average_;
  std::filesystem::path folder_;
  Origin origin_;
  Console& console_;
  CheckpointShare share_;
  std::map<std::string, double> metrics_;  ///< the newest, for names
  int64_t saved_step_ = -1;
  std::string saved_name_;
  Json saved_best_;             ///< the list of the best that belongs to saved_name_
  std::set<std::string> kept_;  ///< names written or taken over by this object that are still there
  bool background_;
  bool pending_ = false;                             ///< a checkpoint is written in the background, on any rank
  std::unique_ptr<CheckpointFolder> being_written_;  ///< it, on the rank that made it
  CheckpointSnapshot snapshot_;
  CheckpointManifest written_;  ///< what writer_ has brought to the disk
  BackgroundWork writer_;
  BackgroundWork remover_;
};

}  // namespace dl::host
