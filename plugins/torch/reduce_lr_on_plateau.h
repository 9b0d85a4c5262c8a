#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.ReduceLROnPlateau: lr times factor, at least min_lr, whenever the monitored metric was not
/// better than its best for more than `patience` observations in a row. Its state, the host's to keep: reductions,
/// observations without a better one, observations left to ignore, and, once there is one, the best value.
class ReduceLROnPlateau : public dl::Scheduler {
 public:
  struct Options {
    std::string mode = "min";
    double factor = 0.1;
    int64_t patience = 10;
    double threshold = 1e-4;
    std::string threshold_mode = "rel";
    int64_t cooldown = 0;
    double min_lr = 0, eps = 1e-8;
  };
  static dl::Schema<Options> schema();
  explicit ReduceLROnPlateau(const Options& options) : options_(options) {}
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;
  /// Once for each new value of the metric. A nan is never better, as in PyTorch.
  void observe(double monitored, std::vector<double>& state) const override;
  bool observes() const override { return true; }

 private:
  bool is_better(double value, double best) const;
  Options options_;
};

}  // namespace pytorch
