#include "cyclic_lr.h"

#include <cmath>

#include "cycled_momentum.h"

namespace pytorch {

dl::Schema<CyclicLR::Options> CyclicLR::schema() {
  return dl::Schema<Options>(
             "Between base_lr and max_lr, up and down over and over, the momentum the other way "
             "(torch.optim.lr_scheduler.CyclicLR).")
      .field("base_lr", &Options::base_lr, "the lowest learning rate; left out: the optimizer's lr", dl::at_least(0))
      .field("max_lr", &Options::max_lr, "the highest learning rate; must be given", dl::at_least(0))
      .field("step_size_up", &Options::step_size_up, "counts on the way up", dl::at_least(1))
      .field("step_size_down", &Options::step_size_down, "counts on the way down; left out: as many", dl::at_least(1))
      .field("mode", &Options::mode, "how high cycles are: all the same, each half of the last, or by gamma^count",
             dl::one_of({"triangular", "triangular2", "exp_range"}))
      .field("gamma", &Options::gamma, "of mode exp_range", dl::greater_than(0))
      .field("cycle_momentum", &Options::cycle_momentum, "also cycle the optimizer's momentum, of Adam its beta1")
      .field("base_momentum", &Options::base_momentum, "the momentum at max_lr", dl::between(0, 1))
      .field("max_momentum", &Options::max_momentum, "the momentum at base_lr", dl::between(0, 1));
}

CyclicLR::CyclicLR(const Options& options) : options_(options) {
  if (!options.max_lr) throw dl::Error("\"max_lr\" must be given, such as max_lr = 0.1");
}

dl::Rate CyclicLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const auto up = static_cast<double>(options_.step_size_up);
  const auto length = up + static_cast<double>(options_.step_size_down.value_or(options_.step_size_up));
  const auto count = static_cast<double>(progress.count);
  const double cycle = std::floor(1 + count / length);
  const double done = 1 + count / length - cycle, turn = up / length;
  double height = done <= turn ? done / turn : (done - 1) / (turn - 1);
  if (options_.mode == "triangular2") height /= std::pow(2, cycle - 1);
  if (options_.mode == "exp_range") height *= std::pow(options_.gamma, count);

  const double low = options_.base_lr.value_or(base.lr);
  dl::Rate rate{low + (*options_.max_lr - low) * height, base.momentum};
  if (options_.cycle_momentum) {
    require_momentum("CyclicLR", base);
    rate.momentum = options_.max_momentum - (options_.max_momentum - options_.base_momentum) * height;
  }
  return rate;
}

}  // namespace pytorch
