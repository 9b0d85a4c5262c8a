#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.PolynomialLR: lr * (1 - count / total_iters)^power, 0 from total_iters on.
class PolynomialLR : public dl::Scheduler {
 public:
  struct Options {
    int64_t total_iters = 5;
    double power = 1;
  };
  static dl::Schema<Options> schema();
  explicit PolynomialLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
