#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/settings.h"
#include "dl/backend.h"
#include "dl/network.h"
#include "dl/optimizer.h"
#include "dl/scheduler.h"

namespace dl::host {

/// One named optimizer of a run: what it updates, its schedule, and how many updates it has made.
struct OptimizerSlot {
  /// Parameters with options of their own: one more instance of the optimizer's class.
  struct Group {
    std::string match;
    std::shared_ptr<Optimizer> optimizer;
  };

  std::string name;
  std::shared_ptr<Optimizer> optimizer;  ///< of the parameters in no group
  std::vector<Group> groups;             ///< the first that fits a parameter has it
  bool elementwise = false;              ///< Traits::elementwise of them all: parameters may step one by one
  std::shared_ptr<Scheduler> scheduler;  ///< null: a constant rate
  bool by_epoch = true;                  ///< the scheduler counts epochs, else steps
  int64_t frequency = 1;
  std::string monitor;             ///< the metric that the scheduler follows; empty: none
  std::optional<SwaSettings> swa;  ///< its learning rate overrides the scheduler's
  std::vector<std::string> networks;
  std::vector<double> scheduler_state;
  int64_t updates = 0;

  /// The rate to use where the run is. `progress.count` and `total_count` are filled in from step and epoch.
  Rate rate(const Progress& progress) const { return rate(*optimizer, progress); }
  Rate rate(const Optimizer& of, Progress progress) const;
  /// Lets each group's optimizer step on its parameters. `owners`: the network of each. States that are kept elsewhere
  /// than in memory (Param::make_state) come back a few parameters at a time; between two of these `let_go` is called.
  void step(std::span<Param* const> params, std::span<const std::string* const> owners, const Progress& progress,
            const std::function<void()>& let_go);
  /// The index in `groups` that a parameter belongs to, or groups.size().
  size_t group_of(const std::string& network, const std::string& parameter) const;

 private:
  void step_together(std::span<Param* const> params, std::span<const std::string* const> owners,
                     const Progress& progress);

  std::map<std::string, size_t> group_by_name_;  ///< by "network.name"
};

/// The slot of that name. Throws Error, for the task's author, that says what there is and what to add to the config.
OptimizerSlot& find_slot(std::vector<OptimizerSlot>& slots, std::string_view name);

/// Throws Error where a task's loss for `slot` is no scalar.
void check_loss(const OptimizerSlot& slot, const Tensor& loss);

/// While it lives, no gradients reach the networks that `slot` does not update.
class FrozenOthers {
 public:
  FrozenOthers(const std::map<std::string, std::shared_ptr<Network>>& networks, const OptimizerSlot& slot);
  ~FrozenOthers();
  FrozenOthers(const FrozenOthers&) = delete;
  FrozenOthers& operator=(const FrozenOthers&) = delete;

 private:
  Tensors frozen_;  ///< to switch on again
};

}  // namespace dl::host
