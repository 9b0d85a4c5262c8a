#include "normalize.h"

#include <ATen/ops/tensor.h>

#include "dl/error.h"
#include "image_field.h"

namespace vision {

dl::Schema<Normalize::Options> Normalize::schema() {
  return dl::Schema<Options>("(x - mean) / std for each channel; uint8 images are divided by 255 first.")
      .field("mean", &Options::mean, "one number, or one for each channel")
      .field("std", &Options::std, "one number, or one for each channel", dl::greater_than(0));
}

Normalize::Normalize(const Options& options)
    : mean_C11(at::tensor(options.mean, at::kDouble).view({-1, 1, 1})),
      std_C11(at::tensor(options.std, at::kDouble).view({-1, 1, 1})) {
  if (options.mean.empty() || options.mean.size() != options.std.size())
    throw dl::Error("Normalize: mean and std must have the same number of values, at least one, found " +
                    std::to_string(options.mean.size()) + " and " + std::to_string(options.std.size()));
}

dl::Sample Normalize::apply(dl::Sample sample, dl::Rng&) const {
  auto& image = image_field("Normalize", sample);
  if (const auto values = mean_C11.size(0); values != 1 && values != image.size(0))
    throw dl::Error("Normalize: mean and std have " + std::to_string(values) + " values, but the image has " +
                    std::to_string(image.size(0)) + " channel(s)");
  image = image.scalar_type() == at::kByte ? image.to(at::kFloat).div_(255) : image.clone();
  image.sub_(mean_C11.to(image.scalar_type())).div_(std_C11.to(image.scalar_type()));
  return sample;
}

}  // namespace vision
