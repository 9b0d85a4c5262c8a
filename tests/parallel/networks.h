#pragma once
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "dl/network.h"

namespace dl::testing {

/// [B, 1, 8, 8] to [B, 5]. No size of it divides by 64. `spare` is used where `use_spare` is set, `frozen` is never
/// trained, `tied` is the same tensor as conv1.bias.
class SmallCnn : public UnaryNetwork {
 public:
  /// Filled from `seed`, so that networks of the same seed are equal.
  explicit SmallCnn(int seed);
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override;

  bool use_spare = true;
  torch::nn::Conv2d conv1, conv2;
  torch::nn::Linear fc;
  Tensor spare, frozen, tied;
};

/// A linear layer and a batch norm: [B, 3] to [B, 3].
class Normalised : public UnaryNetwork {
 public:
  explicit Normalised(int seed);
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override;
  torch::nn::Linear linear;
  torch::nn::BatchNorm1d norm;
};

/// tanh(a linear layer): [B, in] to [B, out].
class Dense : public UnaryNetwork {
 public:
  Dense(int in, int out, int seed);
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override;
  torch::nn::Linear linear;
};

/// Numbers between -1 and 1 that depend on `seed` alone, float64.
Tensor noise(at::IntArrayRef shape, int seed);
/// Overwrites every floating parameter with noise of about the usual size.
void fill(torch::nn::Module& module, int seed);

}  // namespace dl::testing
