#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.MultiStepLR: lr * gamma^(milestones reached).
class MultiStepLR : public dl::Scheduler {
 public:
  struct Options {
    std::vector<int64_t> milestones;
    double gamma = 0.1;
  };
  static dl::Schema<Options> schema();
  explicit MultiStepLR(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
