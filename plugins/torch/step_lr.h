#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.StepLR: lr * gamma^floor(count / step_size).
class StepLR : public dl::Scheduler {
 public:
  struct Options {
    int64_t step_size = 30;
    double gamma = 0.1;
  };
  static dl::Schema<Options> schema();
  explicit StepLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
