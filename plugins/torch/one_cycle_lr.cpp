#include "one_cycle_lr.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "cycled_momentum.h"

namespace pytorch {

dl::Schema<OneCycleLR::Options> OneCycleLR::schema() {
  return dl::Schema<Options>(
             "One cycle over the run: up to max_lr, then down to almost nothing, the momentum the other way "
             "(torch.optim.lr_scheduler.OneCycleLR). For call = { interval = \"step\" }.")
      .field("max_lr", &Options::max_lr, "the highest learning rate; left out: the optimizer's lr", dl::at_least(0))
      .field("total_steps", &Options::total_steps, "counts of the cycle; 0: the whole run", dl::at_least(0))
      .field("pct_start", &Options::pct_start, "share of the counts spent going up", dl::between(0, 1))
      .field("anneal_strategy", &Options::anneal_strategy, "how it goes up and down", dl::one_of({"cos", "linear"}))
      .field("cycle_momentum", &Options::cycle_momentum, "also cycle the optimizer's momentum, of Adam its beta1")
      .field("base_momentum", &Options::base_momentum, "the momentum at max_lr", dl::between(0, 1))
      .field("max_momentum", &Options::max_momentum, "the momentum at both ends", dl::between(0, 1))
      .field("div_factor", &Options::div_factor, "the first rate is max_lr / div_factor", dl::greater_than(0))
      .field("final_div_factor", &Options::final_div_factor, "the last rate is the first one over this",
             dl::greater_than(0))
      .field("three_phase", &Options::three_phase, "down to the first rate as fast as up, then to the last one");
}

double OneCycleLR::between(double from, double to, double share) const {
  if (options_.anneal_strategy == "linear") return (to - from) * share + from;
  return to + (from - to) / 2 * (std::cos(std::numbers::pi * share) + 1);
}

OneCycleLR::Phase OneCycleLR::phase(const dl::Rate& base, double count, double total) const {
  const double top = options_.max_lr.value_or(base.lr);
  const dl::Rate first{top / options_.div_factor, options_.max_momentum};
  const dl::Rate highest{top, options_.base_momentum};
  const dl::Rate last{first.lr / options_.final_div_factor, options_.max_momentum};

  const double up_end = options_.pct_start * total - 1;
  const double down_end = options_.three_phase ? 2 * options_.pct_start * total - 2 : total - 1;
  // PyTorch divides 0 by 0 where a phase has no length; here it is over at once.
  const auto share = [&](double begin, double end) { return end > begin ? (count - begin) / (end - begin) : 1; };
  if (count <= up_end) return {first, highest, share(0, up_end)};
  if (!options_.three_phase) return {highest, last, share(up_end, down_end)};
  if (count <= down_end) return {highest, first, share(up_end, down_end)};
  return {first, last, share(down_end, total - 1)};
}

dl::Rate OneCycleLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const int64_t total = options_.total_steps > 0 ? options_.total_steps : progress.total_count;
  if (total <= 0)
    throw dl::Error("OneCycleLR: the length of the run is not known beforehand, so total_steps must be given");
  // At the first step, not when the cycle is over.
  if (const auto longest = std::max(progress.total_count, progress.count); longest > total)
    throw dl::Error("OneCycleLR: total_steps is " + std::to_string(total) + ", but the run has " +
                    std::to_string(longest) + " counts of the schedule; leave total_steps out for the whole run");
  if (options_.cycle_momentum) require_momentum("OneCycleLR", base);
  const auto [from, to, share] = phase(base, static_cast<double>(progress.count), static_cast<double>(total));
  dl::Rate rate{between(from.lr, to.lr, share), base.momentum};
  if (options_.cycle_momentum) rate.momentum = between(*from.momentum, *to.momentum, share);
  return rate;
}

}  // namespace pytorch
