#include "exponential_lr.h"

#include <cmath>

namespace pytorch {

dl::Schema<ExponentialLR::Options> ExponentialLR::schema() {
  return dl::Schema<Options>("lr * gamma^count (torch.optim.lr_scheduler.ExponentialLR).")
      .field("gamma", &Options::gamma, "factor a count", dl::greater_than(0));
}

dl::Rate ExponentialLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  return {base.lr * std::pow(options_.gamma, static_cast<double>(progress.count)), base.momentum};
}

}  // namespace pytorch
