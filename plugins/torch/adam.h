#pragma once
#include "fused_adam.h"

namespace pytorch {

/// torch.optim.Adam (Kingma, Ba, ICLR'15): weight decay adds to the gradient.
class Adam : public FusedAdam {
 public:
  struct Options {
    double lr = 1e-3;
    std::vector<double> betas = {0.9, 0.999};
    double eps = 1e-8, weight_decay = 0;
    bool amsgrad = false, maximize = false;
  };
  static dl::Schema<Options> schema();
  explicit Adam(const Options& options);
};

}  // namespace pytorch
