#include "adamw.h"

namespace pytorch {

dl::Schema<AdamW::Options> AdamW::schema() {
  return fields<Options>("Adam with decoupled weight decay (torch.optim.AdamW).",
                         "weights shrink by lr * weight_decay a step");
}

AdamW::AdamW(const Options& o)
    : FusedAdam({o.lr, o.betas, o.eps, o.weight_decay, o.amsgrad, o.maximize, /*decoupled=*/true}) {}

}  // namespace pytorch
