#include "linear_lr.h"

#include <algorithm>

namespace pytorch {

dl::Schema<LinearLR::Options> LinearLR::schema() {
  return dl::Schema<Options>(
             "A straight line from lr * start_factor to lr * end_factor, a warm-up "
             "(torch.optim.lr_scheduler.LinearLR).")
      .field("start_factor", &Options::start_factor, "factor on lr at count 0",
             dl::Check{"in (0, 1]",
                       [](const dl::Value& v) { return dl::greater_than(0).holds(v) && dl::between(0, 1).holds(v); }})
      .field("end_factor", &Options::end_factor, "factor on lr from total_iters on", dl::between(0, 1))
      .field("total_iters", &Options::total_iters, "counts until end_factor is reached", dl::at_least(1));
}

dl::Rate LinearLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const double done =
      static_cast<double>(std::min(progress.count, options_.total_iters)) / static_cast<double>(options_.total_iters);
  return {base.lr * (options_.start_factor + (options_.end_factor - options_.start_factor) * done), base.momentum};
}

}  // namespace pytorch
