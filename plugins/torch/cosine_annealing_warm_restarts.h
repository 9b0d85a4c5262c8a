#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.CosineAnnealingWarmRestarts: half a cosine from lr to eta_min, then at once up to lr again;
/// the first takes T_0 counts, each further one T_mult times the one before (Loshchilov, Hutter, ICLR'17).
class CosineAnnealingWarmRestarts : public dl::Scheduler {
 public:
  struct Options {
    int64_t T_0 = 0, T_mult = 1;
    double eta_min = 0;
  };
  static dl::Schema<Options> schema();
  explicit CosineAnnealingWarmRestarts(const Options& options) : options_(options) {}
  /// Throws Error where T_0 is 0 and the length of the run is not known.
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
