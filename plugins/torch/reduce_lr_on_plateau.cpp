#include "reduce_lr_on_plateau.h"

#include <algorithm>
#include <limits>

namespace pytorch {
namespace {

enum : size_t { kReductions, kBad, kIgnore, kBest };

}  // namespace

dl::Schema<ReduceLROnPlateau::Options> ReduceLROnPlateau::schema() {
  return dl::Schema<Options>(
             "lr * factor whenever a metric stops getting better (torch.optim.lr_scheduler.ReduceLROnPlateau).")
      .field("mode", &Options::mode, "whether a smaller or a larger value is better", dl::one_of({"min", "max"}))
      .field("factor", &Options::factor, "factor on lr",
             dl::Check{"in [0, 1)",
                       [](const dl::Value& v) { return dl::between(0, 1).holds(v) && !dl::at_least(1).holds(v); }})
      .field("patience", &Options::patience, "values in a row without a better one that are borne", dl::at_least(0))
      .field("threshold", &Options::threshold, "what is better by less than this is not better", dl::at_least(0))
      .field("threshold_mode", &Options::threshold_mode, "threshold is a share of the best value, or a difference",
             dl::one_of({"rel", "abs"}))
      .field("cooldown", &Options::cooldown, "values after a reduction that are not counted", dl::at_least(0))
      .field("min_lr", &Options::min_lr, "the lowest learning rate", dl::at_least(0))
      .field("eps", &Options::eps, "a reduction by no more than this is left out", dl::at_least(0));
}

bool ReduceLROnPlateau::is_better(double value, double best) const {
  const bool relative = options_.threshold_mode == "rel";
  if (options_.mode == "min") return value < (relative ? best * (1 - options_.threshold) : best - options_.threshold);
  return value > (relative ? best * (1 + options_.threshold) : best + options_.threshold);
}

void ReduceLROnPlateau::observe(double monitored, std::vector<double>& state) const {
  state.resize(std::max<size_t>(state.size(), kBest), 0);
  const bool first = state.size() == kBest;
  // The largest finite numbers stand for infinite ones, which a file of numbers may not hold.
  constexpr double kLargest = std::numeric_limits<double>::max();
  const double value = std::clamp(monitored, -kLargest, kLargest);
  const double worst = std::numeric_limits<double>::infinity() * (options_.mode == "min" ? 1 : -1);
  if (is_better(monitored, first ? worst : state[kBest])) {
    state.resize(kBest + 1);
    state[kBest] = value;
    state[kBad] = 0;
  } else {
    ++state[kBad];
  }
  if (state[kIgnore] > 0) {
    --state[kIgnore];
    state[kBad] = 0;
  }
  if (state[kBad] > static_cast<double>(options_.patience)) {
    ++state[kReductions];
    state[kIgnore] = static_cast<double>(options_.cooldown);
    state[kBad] = 0;
  }
}

dl::Rate ReduceLROnPlateau::at(const dl::Rate& base, const dl::Progress& progress) const {
  dl::Rate rate = base;
  const double reductions = progress.state.empty() ? 0 : progress.state[kReductions];
  for (double done = 0; done < reductions; ++done) {
    const double next = std::max(rate.lr * options_.factor, options_.min_lr);
    if (rate.lr - next <= options_.eps) break;
    rate.lr = next;
  }
  return rate;
}

}  // namespace pytorch
