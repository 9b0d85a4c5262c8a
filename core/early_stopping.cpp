#include "core/early_stopping.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/progress_display.h"

namespace dl::host {

bool is_better(double value, double best, const std::string& mode, double min_delta) {
  return mode == "min" ? value < best - min_delta : value > best + min_delta;
}

std::optional<std::string> EarlyStopping::observe(double value) {
  const auto& s = settings_;
  const auto named = s.monitor + " is " + format_metric(value);
  if (s.check_finite && !std::isfinite(value)) return named;
  if (s.stopping_threshold && is_better(value, *s.stopping_threshold, s.mode))
    return named + ", better than stopping_threshold " + format_metric(*s.stopping_threshold);
  if (s.divergence_threshold && is_better(*s.divergence_threshold, value, s.mode))
    return named + ", worse than divergence_threshold " + format_metric(*s.divergence_threshold);
  if (!best_ || is_better(value, *best_, s.mode, s.min_delta)) {
    best_ = value;
    waited_ = 0;
    return std::nullopt;
  }
  if (++waited_ < s.patience) return std::nullopt;
  return s.monitor + " has not improved on " + format_metric(*best_) + " in " + std::to_string(waited_) +
         " validation(s)";
}

void EarlyStopping::save(nlohmann::ordered_json& state) const {
  state["waited"] = waited_;
  if (best_) state["best"] = *best_;
}

void EarlyStopping::load(const nlohmann::ordered_json& state) {
  waited_ = state.at("waited").get<int64_t>();
  if (state.contains("best")) best_ = state.at("best").get<double>();
}

}  // namespace dl::host
