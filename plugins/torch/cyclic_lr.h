#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.CyclicLR (Smith, WACV'17): a straight line from base_lr to max_lr in step_size_up counts
/// and back in step_size_down, over and over; with mode triangular2 each cycle is half as high as the one before, with
/// exp_range the height at a count is gamma^count. The momentum (Adam's beta1) goes the other way. Where PyTorch
/// demands base_lr, ours defaults to the optimizer's lr.
class CyclicLR : public dl::Scheduler {
 public:
  struct Options {
    std::optional<double> base_lr, max_lr;
    int64_t step_size_up = 2000;
    std::optional<int64_t> step_size_down;
    std::string mode = "triangular";
    double gamma = 1;
    bool cycle_momentum = true;
    double base_momentum = 0.8, max_momentum = 0.9;
  };
  static dl::Schema<Options> schema();
  /// Throws Error where max_lr is left out.
  explicit CyclicLR(const Options& options);
  /// Throws Error where there is no momentum to cycle.
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  Options options_;
};

}  // namespace pytorch
