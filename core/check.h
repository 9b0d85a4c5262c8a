#pragma once
#include <ostream>

#include "core/config.h"
#include "core/launch.h"

namespace dl::host {

struct CheckOptions {
  bool batch = true;    ///< false: the config and the classes that it names, and nothing is built
  bool layers = false;  ///< also the shapes at every layer that has parameters
};

/// `dlhost check CFG.toml`: all that is wrong with the config; then, as one rank, everything is built, and one batch of
/// two samples goes through the task's training and evaluation step, forward and backward. Nothing is updated, nothing
/// is written. Networks are built as in a run, so it takes the memory of their parameters and gradients. Rank 0 alone;
/// returns the exit code.
int check(const RunArguments& arguments, const CheckOptions& options, const Launch& launch, std::ostream& out);

}  // namespace dl::host
