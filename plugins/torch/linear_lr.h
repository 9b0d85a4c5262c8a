#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.LinearLR: the factor on lr goes from start_factor to end_factor in total_iters counts, then
/// stays.
class LinearLR : public dl::Scheduler {
 public:
  struct Options {
    double start_factor = 1.0 / 3, end_factor = 1;
    int64_t total_iters = 5;
  };
  static dl::Schema<Options> schema();
  explicit LinearLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
