// A small residual network of units with batch norms.
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "dl/batch_norm.h"
#include "dl/dl.h"

namespace {

torch::nn::Conv2d conv(int64_t in, int64_t out) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(false));
}

class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(int64_t width)
      : conv1_(register_module("conv1", conv(width, width))),
        bn1_(register_module("bn1", dl::BatchNorm2d(width))),
        conv2_(register_module("conv2", conv(width, width))),
        bn2_(register_module("bn2", dl::BatchNorm2d(width))) {}
  dl::Tensor forward(const dl::Tensor& x) { return (bn2_(conv2_(bn1_(conv1_(x)).relu_())) + x).relu(); }

 private:
  torch::nn::Conv2d conv1_;
  dl::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  dl::BatchNorm2d bn2_;
};

class Residual final : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t width = 12, blocks = 3;
  };
  static auto schema() {
    return dl::Schema<Options>("Images [B, 1, 8, 8] to logits [B, 4].")
        .field("width", &Options::width, "channels", dl::at_least(1))
        .field("blocks", &Options::blocks, "of two convolutions each", dl::at_least(1));
  }
  Residual(const Options& options, dl::Build& build)
      : stem_(register_module("stem", conv(1, options.width))),
        fc_(register_module("fc", torch::nn::Linear(options.width, 4))) {
    for (int64_t i = 0; i < options.blocks; ++i)
      blocks_.push_back(
          unit(build, "block" + std::to_string(i), [&] { return std::make_shared<BlockImpl>(options.width); }));
  }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    auto y = stem_(x);
    for (const auto& block : blocks_) y = block(y);
    return fc_(y.mean({2, 3}));
  }

 private:
  torch::nn::Conv2d stem_;
  torch::nn::Linear fc_;
  std::vector<dl::Unit<BlockImpl>> blocks_;
};

}  // namespace

DL_PLUGIN("residual", "1.0.0", "For tests: units with batch norms") { r.add<Residual>("Residual"); }
