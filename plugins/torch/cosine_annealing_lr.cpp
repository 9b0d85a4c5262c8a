#include "cosine_annealing_lr.h"

#include <cmath>
#include <numbers>

namespace pytorch {

dl::Schema<CosineAnnealingLR::Options> CosineAnnealingLR::schema() {
  return dl::Schema<Options>(
             "Half a cosine from lr to eta_min over T_max counts (torch.optim.lr_scheduler.CosineAnnealingLR).")
      .field("T_max", &Options::T_max, "counts until eta_min is reached; 0: the whole run", dl::at_least(0))
      .field("eta_min", &Options::eta_min, "the lowest learning rate", dl::at_least(0));
}

dl::Rate CosineAnnealingLR::at(const dl::Rate& base, const dl::Progress& progress) const {
  const int64_t length = options_.T_max > 0 ? options_.T_max : progress.total_count;
  if (length <= 0)
    throw dl::Error("CosineAnnealingLR: the length of the run is not known beforehand, so T_max must be given");
  const double angle = std::numbers::pi * static_cast<double>(progress.count) / static_cast<double>(length);
  return {options_.eta_min + (base.lr - options_.eta_min) * (1 + std::cos(angle)) / 2, base.momentum};
}

}  // namespace pytorch
