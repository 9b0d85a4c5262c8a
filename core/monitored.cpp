#include "core/monitored.h"

#include "core/checkpoint_name.h"
#include "core/errors.h"

namespace dl::host {

std::vector<Monitored> monitored_metrics(const Plan& plan, const std::vector<OptimizerSlot>& optimizers) {
  const auto& train = plan.settings.train;
  const auto& checkpoint = plan.settings.checkpoint;
  std::vector<Monitored> out;
  if (!plan.limits.dev_run) {
    if (train.early_stopping)
      out.push_back({plan.named("train.early_stopping", "monitor"), train.early_stopping->monitor});
    if (!checkpoint.monitor.empty()) out.push_back({plan.named("checkpoint", "monitor"), checkpoint.monitor});
    Problems known;
    for (const auto& name : CheckpointName::parse(checkpoint.filename, {}, known).metrics())
      out.push_back({plan.named("checkpoint", "filename"), name});
  }
  for (const auto& slot : optimizers)
    if (!slot.monitor.empty())
      out.push_back({plan.named(plan.schedulers.at(slot.name).where, "call.monitor"), slot.monitor});
  return out;
}

void check_monitored(const std::vector<Monitored>& monitored, const Metrics& values) {
  for (const auto& [who, name] : monitored) {
    if (values.empty()) throw UsageError(who + " is " + name + ", but the data has no validation split");
    if (name.starts_with("train_") || name == "grad_norm") continue;
    try {
      metric_of(values, name, who);
    } catch (const Error& error) {
      throw UsageError(error.what());
    }
  }
}

}  // namespace dl::host
