#pragma once
#include <filesystem>

#include "core/console.h"
#include "core/plan.h"

namespace dl::host {

/// The plan of `config`, read from `file`. Throws UsageError or, where a plugin is missing or broken, PluginError, with
/// everything that is wrong: what make_plan() finds and the `problems` found before it. Warnings go to the console.
Plan checked_plan(const Value& config, Registry& registry, const Launch& launch, const std::filesystem::path& file,
                  Console& console, Problems problems);

}  // namespace dl::host
