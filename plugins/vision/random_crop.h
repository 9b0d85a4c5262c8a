#pragma once
#include "dl/schema.h"
#include "dl/transform.h"

namespace vision {

/// Cuts a window [C, size, size] out of field 0, an image [C, H, W] with `padding` zeros around it, at a place drawn
/// evenly (torchvision's RandomCrop).
class RandomCrop : public dl::Transform {
 public:
  struct Options {
    int64_t size = 28, padding = 0;
  };
  static dl::Schema<Options> schema();
  explicit RandomCrop(const Options& options) : options_(options) {}
  /// Throws Error where the padded image is smaller than the window.
  dl::Sample apply(dl::Sample sample, dl::Rng& rng) const override;

 private:
  Options options_;
};

}  // namespace vision
