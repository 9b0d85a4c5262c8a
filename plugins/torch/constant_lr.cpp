#include "constant_lr.h"

namespace pytorch {

dl::Schema<ConstantLR::Options> ConstantLR::schema() {
  return dl::Schema<Options>("lr * factor for total_iters counts, then lr (torch.optim.lr_scheduler.ConstantLR).")
      .field("factor", &Options::factor, "factor on lr at first", dl::between(0, 1))
      .field("total_iters", &Options::total_iters, "counts until the factor ends", dl::at_least(1));
}

dl::Rate ConstantLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  return {progress.count < options_.total_iters ? base.lr * options_.factor : base.lr, base.momentum};
}

}  // namespace pytorch
