#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/launch.h"
#include "core/registry.h"
#include "core/settings.h"
#include "core/train_limits.h"
#include "dl/data.h"

namespace dl::host {

/// A class of the config that was found and whose options were checked.
struct PlannedClass {
  const ClassInfo* info = nullptr;
  Value params;
  std::string where;  ///< its table, such as "model.network"
  Place place;        ///< of its `type`
};

/// Parameters whose names fit `match`, and the optimizer with its options for them.
struct PlannedGroup {
  std::string match;
  PlannedClass optimizer;
};

/// A run as the config wants it: every name resolved, every option and role checked, nothing made yet.
struct Plan {
  Value config;  ///< that it was made from
  Settings settings;
  TrainLimits limits;
  at::ScalarType dtype = at::kFloat;       ///< of parameters, gradients, optimizer states and floating data
  std::optional<at::ScalarType> autocast;  ///< of the forward passes' products; none: `dtype`
  at::Device device = at::kCPU;            ///< of this rank: `[engine] gpus` by local rank
  PlannedClass task, data, backend;
  std::optional<PlannedClass> communicator;  ///< none: the built-in `self`
  std::optional<PlannedClass> control;       ///< with GPUs only, for the CPU; none: the built-in `self`
  std::map<std::string, PlannedClass> networks, losses, schedulers, optimizers;
  std::map<std::string, std::vector<std::string>> optimizer_networks;
  std::map<std::string, std::vector<PlannedGroup>> optimizer_groups;
  std::map<std::string, SchedulerChoice::Call> scheduler_calls;
  std::vector<PlannedClass> metrics, loggers;
  std::map<Split, std::vector<PlannedClass>> transforms;

  /// For an error about a key of a table: "cfg.toml:12:8: [checkpoint] monitor", or the last two alone where the config
  /// does not say it. Both may have dots.
  std::string named(const std::string& table, const std::string& key) const;
};

/// Reads and checks the whole config; everything that is wrong goes to `problems`. Opens the plugins that it names, and
/// takes no other memory.
Plan make_plan(const Value& config, Registry& registry, const Launch& launch, Problems& problems);

}  // namespace dl::host
