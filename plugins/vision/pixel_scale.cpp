#include "pixel_scale.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "dl/error.h"

namespace vision {
namespace {

dl::Value shown(const std::vector<double>& numbers) {
  return numbers.size() == 1 ? dl::Value(numbers[0]) : dl::Value(dl::Value::List(numbers.begin(), numbers.end()));
}

dl::Tensor for_channels(const std::vector<double>& numbers, const dl::Tensor& like) {
  return at::tensor(numbers, at::kFloat).to(like.device()).view({-1, 1, 1});
}

}  // namespace

PixelScale::PixelScale(std::vector<double> mean, std::vector<double> std)
    : mean_(std::move(mean)), std_(std::move(std)), tables_(mean_.size()) {
  if (mean_.empty() || mean_.size() != std_.size())
    throw dl::Error("\"mean\" and \"std\" must have as many numbers each, at least one, found " +
                    std::to_string(mean_.size()) + " and " + std::to_string(std_.size()));
  for (size_t c = 0; c < tables_.size(); ++c)
    for (size_t i = 0; i < tables_[c].size(); ++i)
      tables_[c][i] = (static_cast<float>(i) / 255.0F - static_cast<float>(mean_[c])) / static_cast<float>(std_[c]);
}

dl::Tensor PixelScale::operator()(const dl::Tensor& bytes_BCHW) const {
  const auto channels = static_cast<size_t>(bytes_BCHW.size(1));
  if (tables_.size() != 1 && tables_.size() != channels)
    throw dl::Error("\"mean\" and \"std\" have " + std::to_string(tables_.size()) + " numbers, but the images have " +
                    std::to_string(channels) + " channel(s)");
  if (!bytes_BCHW.is_cpu())
    return bytes_BCHW.to(at::kFloat)
        .div_(255)
        .sub_(for_channels(mean_, bytes_BCHW))
        .div_(for_channels(std_, bytes_BCHW));
  const auto source = bytes_BCHW.contiguous();
  auto result = at::empty(source.sizes(), at::kFloat);
  const auto* in = source.const_data_ptr<uint8_t>();
  auto* out = result.mutable_data_ptr<float>();
  // Planes of one table each: with one table the batch is a single plane.
  const int64_t planes = tables_.size() == 1 ? 1 : source.size(0) * source.size(1);
  const int64_t pixels = planes == 0 ? 0 : source.numel() / planes;
  for (int64_t plane = 0; plane < planes; ++plane, in += pixels, out += pixels) {
    const auto* table = tables_[static_cast<size_t>(plane) % tables_.size()].data();
    for (int64_t i = 0; i < pixels; ++i) out[i] = table[in[i]];
  }
  return result;
}

dl::Value PixelScale::mean() const { return shown(mean_); }
dl::Value PixelScale::std() const { return shown(std_); }

}  // namespace vision
