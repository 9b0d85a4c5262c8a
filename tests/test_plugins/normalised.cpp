// A small network with batch norms, ours or torch::nn's.
#include <ATen/ops/max_pool2d.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "dl/batch_norm.h"
#include "dl/dl.h"

namespace {

class Cnn final : public dl::UnaryNetwork {
 public:
  struct Options {
    bool of_torch = false;
  };
  static auto schema() {
    return dl::Schema<Options>("Images [B, 1, 8, 8] to logits [B, 4].")
        .field("of_torch", &Options::of_torch, "the second batch norm is torch::nn's");
  }
  explicit Cnn(const Options& options)
      : conv1_(register_module("conv1", conv(1, 6))),
        bn1_(register_module("bn1", dl::BatchNorm2d(6))),
        conv2_(register_module("conv2", conv(6, 8))),
        fc_(register_module("fc", torch::nn::Linear(8 * 16, 4))) {
    if (options.of_torch)
      of_torch_ = register_module("bn2", torch::nn::BatchNorm2d(8));
    else
      bn2_ = register_module("bn2", dl::BatchNorm2d(8));
  }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    const auto y = conv2_(bn1_(conv1_(x)).relu_());
    return fc_(at::max_pool2d((bn2_ ? bn2_(y) : of_torch_(y)).relu_(), {2, 2}).flatten(1));
  }

 private:
  static torch::nn::Conv2d conv(int64_t in, int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(false));
  }
  torch::nn::Conv2d conv1_;
  dl::BatchNorm2d bn1_;
  torch::nn::Conv2d conv2_;
  dl::BatchNorm2d bn2_ = nullptr;
  torch::nn::BatchNorm2d of_torch_ = nullptr;
  torch::nn::Linear fc_;
};

}  // namespace

DL_PLUGIN("normalised", "1.0.0", "For tests: batch norms") { r.add<Cnn>("Cnn"); }
