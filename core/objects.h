#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/batch_source.h"
#include "core/optimizer_slot.h"
#include "core/plan.h"
#include "dl/backend.h"
#include "dl/logger.h"
#include "dl/metric.h"
#include "dl/task.h"
#include "dl/transform.h"

namespace dl {
struct BatchNormSync;
}

namespace dl::host {

/// Everything a run is made of, in the order of making; destroyed in reverse.
struct Objects {
  std::shared_ptr<Data> data;
  std::map<Split, std::vector<std::shared_ptr<Transform>>> transforms;
  std::vector<std::shared_ptr<Metric>> metrics;
  std::map<std::string, std::shared_ptr<Loss>> losses;
  std::shared_ptr<Communicator> control, communicator;
  std::shared_ptr<Backend> backend;
  std::map<std::string, std::shared_ptr<Network>> networks;
  std::shared_ptr<BatchNormSync> batch_norm_sync;  ///< null: each rank's batch norms are its own
  std::vector<OptimizerSlot> optimizers;
  std::shared_ptr<Resources> resources;
  std::shared_ptr<Task> task;
};

/// Makes the objects of `plan`. What can fail on one rank alone (data, metrics, losses) comes before the communicator.
/// Networks are built from a seed of their own, equal on all ranks, in the run's precision. All ranks.
/// `on_control` is called as soon as the ranks can reach each other: failures after that must end all of them.
/// `communicator`: used in place of the plan's.
Objects build_objects(const Plan& plan, const Registry& registry, const Launch& launch,
                      const std::function<void(std::shared_ptr<Communicator>)>& on_control,
                      std::shared_ptr<Communicator> communicator = nullptr);

/// Batches of a split, with its transforms, in the run's precision. Lives as long as `objects`.
BatchSource batch_source(const Plan& plan, const Objects& objects, Split split);

}  // namespace dl::host
