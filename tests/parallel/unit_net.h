#pragma once
#include <torch/nn/modules/linear.h>

#include <memory>

#include "dl/backend.h"

namespace dl::testing {

/// x + b(tanh(a(x))): [B, 8] to [B, 8]. `scale` is frozen.
struct Block : torch::nn::Module {
  Block();
  Tensor forward(const Tensor& x);
  torch::nn::Linear a, b;
  Tensor scale;
};

/// Two tensors in, two out.
struct Crossing : torch::nn::Module {
  Crossing();
  Tensors forward(const Tensor& x, const Tensor& y);
  torch::nn::Linear left, right;
};

/// [B, 5] to [B, 3], of units and parameters in none: a block used twice, a unit that shares a weight with what is in
/// none, one with several inputs and outputs, one that is used only with `use_spare`.
class UnitNet : public UnaryNetwork {
 public:
  /// Initialised from `seed`, in the default dtype.
  UnitNet(Build& build, int seed);
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override;

  bool use_spare = false;
  torch::nn::Linear stem;
  Unit<Block> twice, shared, spare;
  Unit<Crossing> crossing;
  Tensor tied;
};

/// A unit whose two layers are of different types.
class MixedNet : public UnaryNetwork {
 public:
  explicit MixedNet(Build& build);
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return x; }
};

/// Networks made while it lives have parameters of this type.
class MadeIn {
 public:
  explicit MadeIn(at::ScalarType dtype);
  ~MadeIn();
  MadeIn(const MadeIn&) = delete;
  MadeIn& operator=(const MadeIn&) = delete;

 private:
  caffe2::TypeMeta before_;
};

/// Builds a UnitNet as the host does, and attaches it as `name`.
std::unique_ptr<UnitNet> attach_unit_net(Backend& backend, const std::string& name, int seed, at::ScalarType dtype);

}  // namespace dl::testing
