#include "resnet.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>

#include <sstream>

#include "channels_last.h"
#include "dl/error.h"

namespace vision {
namespace {

constexpr const char* kImagenet = "imagenet";
constexpr const char* kCifar = "cifar";

torch::nn::Conv2d first_conv(const ResNet::Options& options) {
  const bool cifar = options.stem == kCifar;
  return resnet_conv(options.num_channels, 64, cifar ? 3 : 7, cifar ? 1 : 2);
}

}  // namespace

dl::Schema<ResNet::Options> ResNet::fields(std::string doc) {
  return dl::Schema<Options>(std::move(doc))
      .field("num_classes", &Options::num_classes, "K", dl::at_least(1))
      .field("num_channels", &Options::num_channels, "C: 1 is grey, 3 is colour", dl::at_least(1))
      .field("stem", &Options::stem,
             "imagenet: 7x7 convolution of stride 2 and max-pool; cifar, for small images: 3x3 of stride 1, no pool",
             dl::one_of({kImagenet, kCifar}))
      .field("zero_init_residual", &Options::zero_init_residual, "blocks begin as the identity");
}

ResNet::ResNet(const Options& options, const Layout& layout, dl::Build& build)
    : num_channels_(options.num_channels), pool_(options.stem == kImagenet), conv1_(first_conv(options)), bn1_(64) {
  register_module("conv1", conv1_);
  register_module("bn1", bn1_);
  ResidualBlock::Shape shape{.channels = 64, .width = 64, .stride = 1, .bottleneck = layout.bottleneck};
  for (size_t layer = 0; layer < layout.blocks.size(); ++layer) {
    shape.width = int64_t{64} << layer;
    for (int64_t i = 0; i < layout.blocks[layer]; ++i) {
      shape.stride = layer > 0 && i == 0 ? 2 : 1;
      blocks_.push_back(unit(build, "layer" + std::to_string(layer + 1) + "." + std::to_string(i),
                             [&] { return std::make_shared<ResidualBlock>(shape, options.zero_init_residual); }));
      shape.channels = shape.out();
    }
  }
  fc_ = register_module("fc", torch::nn::Linear(shape.channels, options.num_classes));
}

dl::Tensor ResNet::forward(const dl::Tensor& x_BCHW) {
  if (x_BCHW.dim() != 4 || x_BCHW.size(1) != num_channels_) {
    std::ostringstream text;
    text << "ResNet: expected images [B, " << num_channels_ << ", H, W], found " << x_BCHW.sizes()
         << "; its param num_channels must fit the data";
    throw dl::Error(text.str());
  }
  auto y = bn1_(conv1_(channels_last(x_BCHW))).relu_();
  if (pool_) y = at::max_pool2d(y, 3, 2, 1);
  for (const auto& block : blocks_) y = block(y);
  return fc_(y.mean({2, 3}));
}

}  // namespace vision
