#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.ExponentialLR: lr * gamma^count. PyTorch has no default for gamma; ours leaves the rate as
/// it is.
class ExponentialLR : public dl::Scheduler {
 public:
  struct Options {
    double gamma = 1;
  };
  static dl::Schema<Options> schema();
  explicit ExponentialLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
