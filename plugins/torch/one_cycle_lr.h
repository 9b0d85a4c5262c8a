#pragma once
#include "dl/scheduler.h"
#include "dl/schema.h"

namespace pytorch {

/// torch.optim.lr_scheduler.OneCycleLR (Smith, Topin, 2018): up from max_lr / div_factor to max_lr over pct_start of
/// the counts, then down to max_lr / div_factor / final_div_factor; the momentum (Adam's beta1) goes the other way
/// between max_momentum and base_momentum. Meant for call = { interval = "step" }. Where PyTorch demands max_lr and
/// total_steps, ours default to the optimizer's lr and the whole run.
class OneCycleLR : public dl::Scheduler {
 public:
  struct Options {
    std::optional<double> max_lr;
    int64_t total_steps = 0;
    double pct_start = 0.3;
    std::string anneal_strategy = "cos";
    bool cycle_momentum = true;
    double base_momentum = 0.85, max_momentum = 0.95;
    double div_factor = 25, final_div_factor = 1e4;
    bool three_phase = false;
  };
  static dl::Schema<Options> schema();
  explicit OneCycleLR(const Options& options) : options_(options) {}
  /// Throws Error where the run is longer than total_steps, its length is not known, or there is no momentum to cycle.
  dl::Rate at(const dl::Rate& base, const dl::Progress& progress) const override;

 private:
  /// Where the run is: between the rates `from` and `to`, `share` of the way.
  struct Phase {
    dl::Rate from, to;
    double share;
  };
  Phase phase(const dl::Rate& base, double count, double total) const;
  double between(double from, double to, double share) const;

  Options options_;
};

}  // namespace pytorch
