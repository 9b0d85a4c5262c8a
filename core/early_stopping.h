#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/settings.h"

namespace dl::host {

/// Whether `value` is better than `best` by more than `min_delta`, where `mode` is "min" or "max". NaN is never better.
bool is_better(double value, double best, const std::string& mode, double min_delta = 0);

/// Ends a training when a metric no longer improves; the rules of PyTorch Lightning's EarlyStopping. Plain state: every
/// rank sees the same values and comes to the same end.
class EarlyStopping {
 public:
  explicit EarlyStopping(EarlyStoppingSettings settings) : settings_(std::move(settings)) {}

  const EarlyStoppingSettings& settings() const { return settings_; }
  /// The monitored value after a validation. Returns why the training should end, or nothing.
  std::optional<std::string> observe(double value);
  /// What a checkpoint keeps of it.
  void save(nlohmann::ordered_json& state) const;
  void load(const nlohmann::ordered_json& state);

 private:
  EarlyStoppingSettings settings_;
  std::optional<double> best_;
  int64_t waited_ = 0;  ///< validations since the best one
};

}  // namespace dl::host
