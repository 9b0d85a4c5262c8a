// A small transformer (Vaswani et al., 2017; pre-norm) whose output layer is its embedding, of units.
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "dl/dl.h"

namespace {

constexpr int64_t kHeads = 2;

class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(int64_t width)
      : norm1_(register_module("norm1", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
        norm2_(register_module("norm2", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
        qkv_(register_module("qkv", torch::nn::Linear(width, 3 * width))),
        out_(register_module("out", torch::nn::Linear(width, width))),
        up_(register_module("up", torch::nn::Linear(width, 2 * width))),
        down_(register_module("down", torch::nn::Linear(2 * width, width))) {}

  dl::Tensor forward(const dl::Tensor& x_BLC) {
    const auto heads = [&](const dl::Tensor& t) {
      return t.unflatten(2, {kHeads, t.size(2) / kHeads}).transpose(1, 2);
    };
    const auto qkv = qkv_(norm1_(x_BLC)).chunk(3, 2);
    const auto attended = at::scaled_dot_product_attention(heads(qkv[0]), heads(qkv[1]), heads(qkv[2]));
    const auto y_BLC = x_BLC + out_(attended.transpose(1, 2).flatten(2));
    return y_BLC + down_(at::gelu(up_(norm2_(y_BLC))));
  }

 private:
  torch::nn::LayerNorm norm1_, norm2_;
  torch::nn::Linear qkv_, out_, up_, down_;
};

class Transformer final : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t num_classes = 4, tokens = 16, width = 16, layers = 2;
  };
  static auto schema() {
    return dl::Schema<Options>("Pixels as tokens [B, …] to logits [B, K]; the output layer is the embedding.")
        .field("num_classes", &Options::num_classes, "K", dl::at_least(1))
        .field("tokens", &Options::tokens, "levels of a pixel", dl::at_least(2))
        .field("width", &Options::width, "channels", dl::at_least(2))
        .field("layers", &Options::layers, "blocks", dl::at_least(1));
  }
  Transformer(const Options& o, dl::Build& build) : options_(o) {
    dl::Tensor weight;
    embedding_ = unit(build, "embedding", [&] {
      auto made = std::make_shared<torch::nn::EmbeddingImpl>(o.tokens, o.width);
      weight = made->weight;
      return made;
    });
    for (int64_t i = 0; i < o.layers; ++i)
      blocks_.push_back(
          unit(build, "blocks." + std::to_string(i), [&] { return std::make_shared<BlockImpl>(o.width); }));
    head_ = register_parameter("head", weight);
  }
  using dl::UnaryNetwork::forward;
  dl::Tensor forward(const dl::Tensor& x) override {
    const auto level = x.flatten(1).mul(3).add(options_.tokens / 2).clamp(0, options_.tokens - 1).to(at::kLong);
    auto y_BLC = embedding_(level);
    for (const auto& block : blocks_) y_BLC = block(y_BLC);
    return at::linear(y_BLC.mean(1), head_).narrow(1, 0, options_.num_classes);
  }

 private:
  const Options options_;
  dl::Unit<torch::nn::EmbeddingImpl> embedding_;
  std::vector<dl::Unit<BlockImpl>> blocks_;
  dl::Tensor head_;
};

}  // namespace

DL_PLUGIN("transformer", "1.0.0", "A network for the tests of parallel backends") { r.add<Transformer>("Transformer"); }
