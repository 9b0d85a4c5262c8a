#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/log_averages.h"
#include "core/loss_scale.h"
#include "core/optimizer_slot.h"
#include "dl/scheduler.h"

namespace dl::host {

/// Where a training is, beside the tensors: what state.json of a checkpoint holds. The same on every rank.
struct TrainState {
  Progress at;
  int64_t samples_done = 0;                   ///< of this epoch's order, of all ranks
  double seconds = 0;                         ///< in training steps
  std::map<std::string, Average> epoch_sums;  ///< of what was logged in this epoch
  nlohmann::ordered_json early_stopping = nlohmann::ordered_json::object();
  nlohmann::ordered_json best = nlohmann::ordered_json::array();  ///< the best checkpoints: see BestCheckpoints
  int64_t averaged = 0;                                           ///< updates of the weight average
  int64_t skipped = 0;                                            ///< updates left out for NaN or infinity
  std::optional<LossScale::State> loss_scale;                     ///< of precision = 16

  nlohmann::ordered_json to_json(const std::vector<OptimizerSlot>& optimizers) const;
  /// Throws Error, beginning with `file`, on what is missing or does not fit `optimizers`, whose counts it sets.
  static TrainState from_json(const nlohmann::ordered_json& json, const std::string& file,
                              std::vector<OptimizerSlot>& optimizers);
};

}  // namespace dl::host
