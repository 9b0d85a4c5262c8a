#pragma once
#include "dl/schema.h"
#include "dl/transform.h"

namespace vision {

/// Mirrors field 0, an image [C, H, W], left to right with probability `p`.
class RandomHorizontalFlip : public dl::Transform {
 public:
  struct Options {
    double p = 0.5;
  };
  static dl::Schema<Options> schema();
  explicit RandomHorizontalFlip(const Options& options) : options_(options) {}
  dl::Sample apply(dl::Sample sample, dl::Rng& rng) const override;

 private:
  Options options_;
};

}  // namespace vision
