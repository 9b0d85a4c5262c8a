#include "adam.h"

namespace pytorch {

dl::Schema<Adam::Options> Adam::schema() {
  return fields<Options>("Adam (torch.optim.Adam).", "L2 penalty, added to the gradient");
}

Adam::Adam(const Options& o)
    : FusedAdam({o.lr, o.betas, o.eps, o.weight_decay, o.amsgrad, o.maximize, /*decoupled=*/false}) {}

}  // namespace pytorch
