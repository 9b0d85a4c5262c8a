#pragma once
#include "dl/network.h"
#include "dl/schema.h"
#include "linear.h"

namespace vision {

/// Linear layers with ReLU between them: [B, …] floating, flattened to [B, in_features], to [B, out_features]. Named as
/// torch.nn.Sequential(Linear, ReLU, Linear, …): 0, 2, 4, …; PyTorch's default initialisation. Each layer is a unit.
class MLP : public dl::UnaryNetwork {
 public:
  struct Options {
    int64_t in_features = 784, width = 512, layers = 3, out_features = 10;
  };
  static dl::Schema<Options> schema();
  MLP(const Options& options, dl::Build& build);
  using dl::UnaryNetwork::forward;
  /// Throws Error on an input of another size.
  dl::Tensor forward(const dl::Tensor& x) override;

 private:
  int64_t in_features_;
  std::vector<dl::Unit<LinearImpl>> layers_;
};

}  // namespace vision
