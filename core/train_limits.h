#pragma once
#include <optional>
#include <string_view>

#include "core/batch_limit.h"
#include "core/settings.h"

namespace dl::host {

/// What the limits of [train] come to, `fast_dev_run` and `overfit_batches` included.
struct TrainLimits {
  BatchLimit train, validation, test;
  int64_t num_epochs = 0, max_steps = 0;
  std::optional<double> max_seconds;
  int64_t sanity_batches = 0;
  bool overfit = false;  ///< validation on the training batches, which are not shuffled
  bool dev_run = false;  ///< nothing is saved, no loggers, no early stopping

  static TrainLimits read(const TrainSettings& train, Problems& problems);
};

/// "HH:MM:SS" or "DD:HH:MM:SS" in seconds; nothing where it is neither.
std::optional<double> parse_duration(std::string_view text);

}  // namespace dl::host
