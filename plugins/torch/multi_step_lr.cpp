#include "multi_step_lr.h"

#include <algorithm>
#include <cmath>

namespace pytorch {

dl::Schema<MultiStepLR::Options> MultiStepLR::schema() {
  return dl::Schema<Options>("lr * gamma^(milestones reached) (torch.optim.lr_scheduler.MultiStepLR).")
      .field("milestones", &Options::milestones, "counts at which the rate drops, in any order", dl::at_least(0))
      .field("gamma", &Options::gamma, "factor a drop", dl::greater_than(0));
}

dl::Rate MultiStepLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const auto drops = std::count_if(options_.milestones.begin(), options_.milestones.end(),
                                   [&](int64_t milestone) { return milestone <= progress.count; });
  return {base.lr * std::pow(options_.gamma, static_cast<double>(drops)), base.momentum};
}

}  // namespace pytorch
