#pragma once
#include "dl/schema.h"
#include "dl/transform.h"

namespace vision {

/// torchvision's Normalize on field 0, an image [C, H, W]: (x - mean) / std for each channel. A uint8 image is made
/// float32 in [0, 1] first (ToTensor). `mean` and `std` have one number, or one for each channel.
class Normalize : public dl::Transform {
 public:
  struct Options {
    std::vector<double> mean = {0.5}, std = {0.5};
  };
  static dl::Schema<Options> schema();
  /// Throws Error where one of the lists is empty or their lengths don't fit.
  explicit Normalize(const Options& options);
  dl::Sample apply(dl::Sample sample, dl::Rng& rng) const override;

 private:
  dl::Tensor mean_C11, std_C11;  // float64
};

}  // namespace vision
