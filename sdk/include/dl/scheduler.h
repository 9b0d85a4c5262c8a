#pragma once
#include <span>
#include <vector>

#include "dl/kind.h"
#include "dl/optimizer.h"

namespace dl {

/// Where a run is. A step is one update window (all its micro-batches); counts start at 0.
struct Progress {
  int64_t count = 0;        ///< scheduler steps so far: epochs or steps, by `call`, over `frequency`
  int64_t total_count = 0;  ///< the same at the end of the run; 0 where that is not known
  int64_t step = 0, total_steps = 0;
  int64_t epoch = 0, total_epochs = 0;
  std::span<const double> state;  ///< what observe() keeps; empty for most
};

/// Learning rate (and momentum) as a function of progress, so resuming needs nothing but the progress.
class DL_API Scheduler {
 public:
  using Interface = Scheduler;
  using Context = void;
  static constexpr Kind kKind = Kind::scheduler;
  static constexpr uint32_t kAbi = 2;
  virtual ~Scheduler();

  /// The rate to use at `progress`; `base` is the optimizer's own. Pure: any thread, any order.
  virtual Rate at(const Rate& base, const Progress& progress) const = 0;
  /// For schedules that follow a metric (plateau): changes `state` by the newest value of the monitored metric. The
  /// host keeps and saves `state`. Default: nothing.
  virtual void observe(double monitored, std::vector<double>& state) const;
  /// True if at() needs what observe() keeps: the host then asks the config for a `monitor`.
  virtual bool observes() const { return false; }
};

}  // namespace dl
