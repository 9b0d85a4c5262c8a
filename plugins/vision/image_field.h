#pragma once
#include "dl/data.h"

namespace vision {

/// Field 0 of `sample`, checked: an image [C, H, W], uint8 or floating. Throws dl::Error on anything else.
dl::Tensor& image_field(const char* transform, dl::Sample& sample);

}  // namespace vision
