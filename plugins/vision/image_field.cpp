#include "image_field.h"

#include <sstream>

#include "dl/error.h"

namespace vision {

dl::Tensor& image_field(const char* transform, dl::Sample& sample) {
  if (sample.empty()) throw dl::Error(std::string(transform) + ": the sample has no fields");
  auto& image = sample[0];
  if (image.dim() != 3 || !(image.is_floating_point() || image.scalar_type() == at::kByte)) {
    std::ostringstream text;
    text << transform << ": field 0 must be an image [C, H, W], uint8 or floating, found " << image.scalar_type() << " "
         << image.sizes();
    throw dl::Error(text.str());
  }
  return image;
}

}  // namespace vision
