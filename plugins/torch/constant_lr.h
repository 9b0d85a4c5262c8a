#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.ConstantLR: lr * factor until total_iters counts are done, then lr.
class ConstantLR : public dl::Scheduler {
 public:
  struct Options {
    double factor = 1.0 / 3;
    int64_t total_iters = 5;
  };
  static dl::Schema<Options> schema();
  explicit ConstantLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
