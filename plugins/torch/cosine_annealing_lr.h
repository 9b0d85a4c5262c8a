#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.CosineAnnealingLR: eta_min + (lr - eta_min) * (1 + cos(pi * count / T_max)) / 2
/// (Loshchilov, Hutter, ICLR'17, without restarts). Beyond T_max it rises again, as in PyTorch.
class CosineAnnealingLR : public dl::Scheduler {
 public:
  struct Options {
    int64_t T_max = 0;
    double eta_min = 0;
  };
  static dl::Schema<Options> schema();
  explicit CosineAnnealingLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
