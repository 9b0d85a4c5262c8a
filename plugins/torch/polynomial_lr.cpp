#include "polynomial_lr.h"

#include <algorithm>
#include <cmath>

namespace pytorch {

dl::Schema<PolynomialLR::Options> PolynomialLR::schema() {
  return dl::Schema<Options>("lr * (1 - count / total_iters)^power (torch.optim.lr_scheduler.PolynomialLR).")
      .field("total_iters", &Options::total_iters, "counts until the rate is 0", dl::at_least(1))
      .field("power", &Options::power, "exponent; 1: a straight line", dl::greater_than(0));
}

dl::Rate PolynomialLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const double done =
      static_cast<double>(std::min(progress.count, options_.total_iters)) / static_cast<double>(options_.total_iters);
  return {base.lr * std::pow(1 - done, options_.power), base.momentum};
}

}  // namespace pytorch
