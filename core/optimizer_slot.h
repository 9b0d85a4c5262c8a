#pragma once
#include <memory>
#include <string>
#include <vector>

#include "dl/backend.h"
#include "dl/optimizer.h"
#include "dl/scheduler.h"

namespace dl::host {

/// One named optimizer of a run: what it updates, its schedule, and how many updates it has made.
struct OptimizerSlot {
  std::string name;
  std::shared_ptr<Optimizer> optimizer;
  std::shared_ptr<Scheduler> scheduler;  ///< null: a constant rate
  bool by_epoch = true;                  ///< the scheduler counts epochs, else steps
  int64_t frequency = 1;
  std::vector<std::string> networks;
  std::vector<double> scheduler_state;
  int64_t updates = 0;

  /// The rate to use where the run is. `progress.count` and `total_count` are filled in from step and epoch.
  Rate rate(Progress progress) const;
};

}  // namespace dl::host
