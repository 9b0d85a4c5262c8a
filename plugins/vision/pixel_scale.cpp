#include "pixel_scale.h"

#include <ATen/ops/empty.h>

namespace vision {

PixelScale::PixelScale(double mean, double std) : mean_(mean), std_(std) {
  for (size_t i = 0; i < table_.size(); ++i)
    table_[i] = (static_cast<float>(i) / 255.0F - static_cast<float>(mean)) / static_cast<float>(std);
}

dl::Tensor PixelScale::operator()(const dl::Tensor& bytes) const {
  if (!bytes.is_cpu()) return bytes.to(at::kFloat).div_(255).sub_(mean_).div_(std_);
  const auto source = bytes.contiguous();
  auto result = at::empty(source.sizes(), at::kFloat);
  const auto* in = source.const_data_ptr<uint8_t>();
  auto* out = result.mutable_data_ptr<float>();
  for (int64_t i = 0; i < source.numel(); ++i) out[i] = table_[in[i]];
  return result;
}

}  // namespace vision
