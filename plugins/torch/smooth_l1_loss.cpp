#include "smooth_l1_loss.h"

#include <ATen/ops/smooth_l1_loss.h>

#include "same_shape.h"

namespace pytorch {

dl::Schema<SmoothL1Loss::Options> SmoothL1Loss::schema() {
  return dl::Schema<Options>(
             "Squared near 0, absolute beyond beta (torch.nn.SmoothL1Loss). Prediction and target of one shape.")
      .field("beta", &Options::beta, "where it turns from squared to absolute; 0: all absolute", dl::at_least(0));
}

dl::Tensor SmoothL1Loss::operator()(const dl::Tensor& prediction, const dl::Tensor& target) {
  require_same_shape("SmoothL1Loss", prediction, target);
  return at::smooth_l1_loss(prediction, target, at::Reduction::Mean, options_.beta);
}

}  // namespace pytorch
