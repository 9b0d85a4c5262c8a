#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/checkpoints.h"
#include "core/early_stopping.h"
#include "core/epoch_loader.h"
#include "core/evaluator.h"
#include "core/freezing.h"
#include "core/log_averages.h"
#include "core/loss_scale.h"
#include "core/objects.h"
#include "core/progress_display.h"
#include "core/step_profiler.h"
#include "core/step_times.h"
#include "core/train_state.h"
#include "core/train_step.h"
#include "core/validation_schedule.h"
#include "core/weight_average.h"

namespace dl::host {

/// Where the run is, in words for an error: "training, epoch 1, step 812".
struct Whereabouts {
  std::string phase = "start";
  int64_t step = 0, epoch = 0;
  std::string text() const;
};

/// What a training tells the outside and asks of it. Called on every rank, at the same points.
struct TrainerCalls {
  std::function<void(const Metrics& metrics, const Progress& progress)> log;
  std::function<void(const std::string& line)> say;  ///< for people
  std::function<void()> first_step;
  std::function<bool()> stop_asked;  ///< a signal has come to this rank
};

enum class Ending { finished, early, time_over, interrupted };

struct TrainerResult {
  Ending ending = Ending::finished;
  double train_seconds = 0;  ///< of this process in training steps, validation left out
  int64_t samples = 0;       ///< of this process, of all ranks
  StepTimes step_times;      ///< this rank's
};

/// Epochs of windows with all that happens between them: validation, logging, checkpoints, early stopping. All ranks,
/// the training thread.
class Trainer {
 public:
  /// What a training has beside its objects; null: not there.
  struct Extras {
    Checkpoints* checkpoints = nullptr;
    WeightAverage* average = nullptr;
    StepProfiler* profiler = nullptr;  ///< on one rank at most
  };

  /// Throws UsageError where the limits leave nothing to train on.
  Trainer(const Plan& plan, Objects& objects, ProgressDisplay* progress, TrainerCalls calls, Whereabouts& whereabouts);

  /// From `state` on, which it keeps up to date.
  TrainerResult run(TrainState& state, const Extras& extras);
  /// Metrics of a split, with the weights as they are; nothing where the data has no such split.
  Metrics evaluate(Split split, const std::string& prefix, const BatchLimit& limit);
  int64_t total_steps() const { return total_steps_; }

 private:
  struct Epoch;  // one under way
  BatchPlan plan_of(int64_t epoch, int64_t skip) const;
  void try_validation();
  void run_epoch(const BatchSource& source);
  void after_step(Epoch& epoch);
  Metrics validate(Metrics& metrics);
  void adapt_loss_scale(const TrainStep& step);
  bool save_is_due() const;
  void save();
  void log_step(bool always);
  void set_training(bool training);
  Metrics epoch_means() const;
  bool done() const;
  bool epoch_end_is_due() const;

  const Plan& plan_;
  Objects& objects_;
  Checkpoints* checkpoints_ = nullptr;
  WeightAverage* average_ = nullptr;
  StepProfiler* profiler_ = nullptr;
  ProgressDisplay* progress_;
  TrainerCalls calls_;
  Whereabouts& where_;
  Freezing freezing_;
  ValidationSchedule schedule_;
  std::optional<EarlyStopping> early_stopping_;
  std::optional<LossScale> loss_scale_;
  StepRequests requests_;
  int64_t total_steps_ = 0;
  int64_t logged_step_ = 0, validated_step_ = -1;
  int64_t logged_samples_ = 0;  ///< with logged_seconds_: where the last log line was, for the throughput
  double logged_seconds_ = 0;
  double validated_seconds_ = 0, saved_seconds_ = 0;
  LogAverages log_;
  TrainState* state_ = nullptr;
  std::optional<Ending> ending_;
  std::string ending_reason_;
  TrainerResult result_;
};

}  // namespace dl::host
