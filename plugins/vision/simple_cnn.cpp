#include "simple_cnn.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

#include <sstream>

#include "channels_last.h"
#include "dl/error.h"

namespace vision {
namespace {

/// relu(max_pool(x)) is max_pool(relu(x)) at a quarter of the work: both are monotonic.
dl::Tensor pool_relu(const dl::Tensor& x) { return at::max_pool2d(x, 2).relu_(); }

dl::Check multiple_of_4() {
  return {"a positive multiple of 4", [](const dl::Value& value) {
            const auto* whole = value.get_if<int64_t>();
            return whole && *whole > 0 && *whole % 4 == 0;
          }};
}

}  // namespace

dl::Schema<SimpleCNN::Options> SimpleCNN::schema() {
  return dl::Schema<Options>("Two convolutions, two linear layers: images [B, C, S, S] to logits [B, K].")
      .field("num_classes", &Options::num_classes, "K", dl::at_least(1))
      .field("num_channels", &Options::num_channels, "C: 1 is grey, 3 is colour", dl::at_least(1))
      .field("image_size", &Options::image_size, "S: height and width of the images; halved twice", multiple_of_4());
}

SimpleCNN::SimpleCNN(const Options& options)
    : options_(options),
      conv1_(torch::nn::Conv2dOptions(options.num_channels, 32, 3).padding(1)),
      conv2_(torch::nn::Conv2dOptions(32, 64, 3).padding(1)),
      fc1_(64 * (options.image_size / 4) * (options.image_size / 4), 64),
      fc2_(64, options.num_classes) {
  register_module("conv1", conv1_);
  register_module("conv2", conv2_);
  register_module("fc1", fc1_);
  register_module("fc2", fc2_);
}

dl::Tensor SimpleCNN::forward(const dl::Tensor& x_BCSS) {
  const auto size = options_.image_size;
  if (x_BCSS.dim() != 4 || x_BCSS.size(1) != options_.num_channels || x_BCSS.size(2) != size ||
      x_BCSS.size(3) != size) {
    std::ostringstream text;
    text << "SimpleCNN: expected images [B, " << options_.num_channels << ", " << size << ", " << size << "], found "
         << x_BCSS.sizes() << "; its params num_channels and image_size must fit the data";
    throw dl::Error(text.str());
  }
  auto x = pool_relu(conv1_(channels_last(x_BCSS)));
  x = pool_relu(conv2_(x));
  return fc2_(fc1_(x.flatten(1)).relu_());  // flattened as [C, H, W], whatever the layout
}

}  // namespace vision
