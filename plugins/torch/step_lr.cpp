#include "step_lr.h"

#include <cmath>

namespace pytorch {

dl::Schema<StepLR::Options> StepLR::schema() {
  return dl::Schema<Options>("lr * gamma^floor(count / step_size) (torch.optim.lr_scheduler.StepLR).")
      .field("step_size", &Options::step_size, "counts between two drops", dl::at_least(1))
      .field("gamma", &Options::gamma, "factor a drop", dl::greater_than(0));
}

dl::Rate StepLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const auto drops = static_cast<double>(progress.count / options_.step_size);
  return {base.lr * std::pow(options_.gamma, drops), base.momentum};
}

}  // namespace pytorch
