#pragma once
#include "core/config.h"
#include "core/launch.h"
#include "dl/data.h"

namespace dl::host {

/// `dlhost CFG.toml`: trains, tests, and leaves everything in the run directory. All ranks; returns the exit code.
int train(const RunArguments& arguments, const Launch& launch);

/// `dlhost test|validate CKPT`: metrics of a split with a checkpoint's weights and config, on any number of ranks.
int evaluate(const RunArguments& arguments, Split split, const Launch& launch);

}  // namespace dl::host
