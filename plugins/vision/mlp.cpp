#include "mlp.h"

#include <ATen/ops/relu.h>

#include <sstream>

#include "dl/error.h"

namespace vision {

dl::Schema<MLP::Options> MLP::schema() {
  return dl::Schema<Options>("Linear layers with ReLU between them: [B, …], flattened, to [B, out_features].")
      .field("in_features", &Options::in_features, "numbers a sample, such as C × H × W", dl::at_least(1))
      .field("width", &Options::width, "features between layers", dl::at_least(1))
      .field("layers", &Options::layers, "linear layers, the last one included", dl::at_least(1))
      .field("out_features", &Options::out_features, "numbers that come out: the classes", dl::at_least(1));
}

MLP::MLP(const Options& options, dl::Build& build) : in_features_(options.in_features) {
  for (int64_t i = 0; i < options.layers; ++i) {
    const int64_t in = i == 0 ? options.in_features : options.width;
    const int64_t out = i + 1 == options.layers ? options.out_features : options.width;
    layers_.push_back(unit(build, std::to_string(2 * i), [&] { return std::make_shared<LinearImpl>(in, out); }));
  }
}

dl::Tensor MLP::forward(const dl::Tensor& x) {
  if (x.dim() < 2 || x.numel() != x.size(0) * in_features_) {
    std::ostringstream text;
    text << "MLP: expected " << in_features_ << " numbers a sample, found " << x.sizes()
         << ", batch first; its param in_features must fit the data";
    throw dl::Error(text.str());
  }
  auto y_BF = layers_[0](x.flatten(1));
  for (size_t i = 1; i < layers_.size(); ++i) y_BF = layers_[i](at::relu(y_BF));
  return y_BF;
}

}  // namespace vision
