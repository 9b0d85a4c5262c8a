// Trainer: validations, and what follows from them.
#include <algorithm>

#include "core/monitored.h"
#include "core/trainer.h"

namespace dl::host {

Metrics Trainer::evaluate(Split split, const std::string& prefix, const BatchLimit& limit) {
  const auto& data = plan_.settings.data;
  const auto size = objects_.data->size(split);
  const auto batch_size = data.eval_batch_size > 0 ? data.eval_batch_size : data.batch_size;
  const auto batches = limit.of((size + batch_size - 1) / batch_size);
  if (batches == 0) return {};
  where_.phase = split == Split::test ? "test" : "validation";
  if (state_) {
    where_.step = state_->at.step;
    where_.epoch = state_->at.epoch;
  }
  objects_.backend->sync_buffers();
  set_training(false);
  const Evaluator evaluator(*objects_.task, objects_.metrics, *objects_.control, batch_size, data.num_workers,
                            plan_.autocast);
  return evaluator.run(batch_source(plan_, objects_, split), prefix, batches);
}

/// A validation with all that follows from it. Returns what it logged, and adds that to `metrics`: the training's so
/// far in this epoch.
Metrics Trainer::validate(Metrics& metrics) {
  auto& state = *state_;
  const bool overfit = plan_.limits.overfit;
  const WeightAverage::InUse averaged(average_);
  const auto values = evaluate(overfit ? Split::train : Split::validation, "val_", plan_.limits.validation);
  validated_seconds_ = state.seconds;
  validated_step_ = state.at.step;
  if (values.empty()) return values;
  if (calls_.log) calls_.log(values, state.at);

  metrics.insert(metrics.end(), values.begin(), values.end());
  for (auto& slot : objects_.optimizers)
    if (!slot.monitor.empty())
      slot.scheduler->observe(metric_of(metrics, slot.monitor, "scheduler \"" + slot.name + "\""),
                              slot.scheduler_state);
  if (early_stopping_) {
    const auto reason = early_stopping_->observe(
        metric_of(metrics, early_stopping_->settings().monitor, plan_.named("train.early_stopping", "monitor")));
    early_stopping_->save(state.early_stopping);
    if (reason && !ending_) {
      ending_ = Ending::early;
      ending_reason_ = *reason;
    }
  }
  if (checkpoints_) checkpoints_->after_validation(state, metrics);
  return values;
}

/// Before the first step: that a validation runs at all, and that it logs what is monitored.
void Trainer::try_validation() {
  const auto monitored = monitored_metrics(plan_, objects_.optimizers);
  int64_t batches = plan_.limits.sanity_batches;
  if (!monitored.empty()) batches = std::max<int64_t>(batches, 1);
  if (batches == 0) return;
  check_monitored(monitored, evaluate(plan_.limits.overfit ? Split::train : Split::validation, "val_", {batches, 1}));
}

}  // namespace dl::host
