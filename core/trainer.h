#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/batch_plan.h"
#include "core/batch_source.h"
#include "core/evaluator.h"
#include "core/log_averages.h"
#include "core/objects.h"
#include "core/progress_display.h"
#include "core/train_step.h"

namespace dl::host {

/// Where the run is, in words for an error: "training, epoch 1, step 812".
struct Whereabouts {
  std::string phase = "start";
  int64_t step = 0, epoch = 0;
  std::string text() const;
};

/// What a run tells the outside; called on every rank, at the same points. Rank 0's caller writes journal and
/// checkpoints.
struct TrainerCalls {
  std::function<void(const Metrics& metrics, const Progress& progress)> log;
  std::function<void(const Progress& progress)> epoch_end;
  std::function<void()> first_step;
};

struct TrainerResult {
  Metrics metrics;  ///< of the last epoch
  int64_t steps = 0, epochs = 0;
  double train_seconds = 0;  ///< in training steps, validation left out
  int64_t samples = 0;       ///< of all ranks
};

/// Epochs of windows, validation after epochs, one line of metrics every n steps. All ranks, the training thread.
class Trainer {
 public:
  Trainer(const Plan& plan, Objects& objects, ProgressDisplay* progress, TrainerCalls calls, Whereabouts& whereabouts);

  TrainerResult run();
  /// Metrics of a split, or nothing where the data has no such split.
  Metrics evaluate(Split split, const std::string& prefix);
  int64_t total_steps() const { return total_steps_; }

 private:
  BatchPlan plan_of(int64_t epoch) const;
  BatchSource source(Split split) const;
  bool run_epoch(const BatchSource& source);
  void log_step(bool always);
  void set_training(bool training);
  Metrics epoch_means() const;

  const Plan& plan_;
  Objects& objects_;
  ProgressDisplay* progress_;
  TrainerCalls calls_;
  Whereabouts& where_;
  Progress at_;
  int64_t total_steps_ = 0;
  int64_t logged_step_ = 0;
  LogAverages log_;
  std::map<std::string, Average> epoch_sums_;
  TrainerResult result_;
};

}  // namespace dl::host
