#include "random_crop.h"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "dl/error.h"
#include "image_field.h"

namespace vision {

dl::Schema<RandomCrop::Options> RandomCrop::schema() {
  return dl::Schema<Options>("A window of the image, padded with zeros, at a random place.")
      .field("size", &Options::size, "height and width of the window", dl::at_least(1))
      .field("padding", &Options::padding, "zeros on each side of the image", dl::at_least(0));
}

dl::Sample RandomCrop::apply(dl::Sample sample, dl::Rng& rng) const {
  auto& image = image_field("RandomCrop", sample);
  const auto [size, padding] = options_;
  auto window = at::zeros({image.size(0), size, size}, image.options());
  auto target = window, source = image;
  for (const int64_t dimension : {1, 2}) {
    const int64_t length = image.size(dimension), room = length + 2 * padding - size;
    if (room < 0)
      throw dl::Error("RandomCrop: an image of " + std::to_string(image.size(1)) + " x " +
                      std::to_string(image.size(2)) + " with padding " + std::to_string(padding) +
                      " is smaller than size " + std::to_string(size));
    // The window covers the image's rows [begin, begin + size); only those within the image have something to copy.
    const int64_t begin = rng.below(room + 1) - padding;
    const int64_t from = std::max<int64_t>(begin, 0), to = std::min(begin + size, length);
    if (to <= from) {
      image = window;
      return sample;
    }
    target = target.narrow(dimension, from - begin, to - from);
    source = source.narrow(dimension, from, to - from);
  }
  target.copy_(source);
  image = window;
  return sample;
}

}  // namespace vision
