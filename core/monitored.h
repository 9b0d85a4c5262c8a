#pragma once
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/optimizer_slot.h"
#include "core/plan.h"

namespace dl::host {

/// A metric that the config names: by "[checkpoint] monitor", "val_loss".
struct Monitored {
  std::string who, name;
};

/// All of them, but those of objects that a fast_dev_run does without.
std::vector<Monitored> monitored_metrics(const Plan& plan, const std::vector<OptimizerSlot>& optimizers);

/// Throws UsageError on one that a validation, which logged `values`, does not have. Of a training's metrics, which are
/// known after its first step, nothing is said.
void check_monitored(const std::vector<Monitored>& monitored, const Metrics& values);

}  // namespace dl::host
