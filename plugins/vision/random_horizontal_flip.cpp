#include "random_horizontal_flip.h"

#include <ATen/ops/flip.h>

#include "image_field.h"

namespace vision {

dl::Schema<RandomHorizontalFlip::Options> RandomHorizontalFlip::schema() {
  return dl::Schema<Options>("Mirrors the image left to right.")
      .field("p", &Options::p, "how often", dl::between(0, 1));
}

dl::Sample RandomHorizontalFlip::apply(dl::Sample sample, dl::Rng& rng) const {
  auto& image = image_field("RandomHorizontalFlip", sample);
  if (rng.chance(options_.p)) image = image.flip(2);
  return sample;
}

}  // namespace vision
