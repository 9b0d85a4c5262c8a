#pragma once
#include "fused_adam.h"

namespace pytorch {

/// torch.optim.AdamW (Loshchilov, Hutter, ICLR'19): weights shrink by lr * weight_decay, beside the gradient.
class AdamW : public FusedAdam {
 public:
  struct Options {
    double lr = 1e-3;
    std::vector<double> betas = {0.9, 0.999};
    double eps = 1e-8, weight_decay = 1e-2;
    bool amsgrad = false, maximize = false;
  };
  static dl::Schema<Options> schema();
  explicit AdamW(const Options& options);
};

}  // namespace pytorch
