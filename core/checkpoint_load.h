#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "core/objects.h"
#include "core/registry.h"
#include "core/train_state.h"
#include "core/weight_average.h"

namespace dl::host {

/// Versions of the plugins that are open, by name.
std::map<std::string, std::string> plugin_versions(const Registry& registry);

/// Restores weights, optimizers, the average and the training's state from a checkpoint, on all ranks. What it says of
/// itself is looked at first: throws UsageError where it was written with another version of a plugin in `plugins`, or
/// of a run with an average where there is none here (null). Writes nothing.
TrainState load_checkpoint(const std::filesystem::path& checkpoint, Objects& objects, WeightAverage* average,
                           const std::map<std::string, std::string>& plugins);

}  // namespace dl::host
