#include "cosine_annealing_warm_restarts.h"

#include <cmath>
#include <numbers>

namespace pytorch {

dl::Schema<CosineAnnealingWarmRestarts::Options> CosineAnnealingWarmRestarts::schema() {
  return dl::Schema<Options>(
             "Cosines from lr to eta_min, each begun at lr again "
             "(torch.optim.lr_scheduler.CosineAnnealingWarmRestarts).")
      .field("T_0", &Options::T_0, "counts until the first restart; 0: the whole run", dl::at_least(0))
      .field("T_mult", &Options::T_mult, "each cosine is so many times as long as the one before", dl::at_least(1))
      .field("eta_min", &Options::eta_min, "the lowest learning rate", dl::at_least(0));
}

dl::Rate CosineAnnealingWarmRestarts::at(const dl::Rate& base, const dl::Progress& progress) const {
  int64_t length = options_.T_0 > 0 ? options_.T_0 : progress.total_count;
  if (length <= 0)
    throw dl::Error("CosineAnnealingWarmRestarts: the length of the run is not known beforehand, so T_0 must be given");
  int64_t since = progress.count;
  if (options_.T_mult == 1) since %= length;
  for (; since >= length; length *= options_.T_mult) since -= length;
  const double angle = std::numbers::pi * static_cast<double>(since) / static_cast<double>(length);
  return {options_.eta_min + (base.lr - options_.eta_min) * (1 + std::cos(angle)) / 2, base.momentum};
}

}  // namespace pytorch
