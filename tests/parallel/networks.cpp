#include "networks.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tanh.h>

namespace dl::testing {

Tensor noise(at::IntArrayRef shape, int seed) {
  Tensor values = at::empty(shape, at::kDouble);
  const Tensor steps = at::arange(values.numel(), at::kDouble);
  return values.copy_(at::sin(steps.mul(1.37 + 0.11 * seed).add(steps.square().mul(0.013)).add(seed)).view(shape));
}

void fill(torch::nn::Module& module, int seed) {
  const at::NoGradGuard no_grad;
  for (auto& parameter : module.parameters()) parameter.copy_(noise(parameter.sizes(), seed++).mul(0.3));
}

SmallCnn::SmallCnn(int seed)
    : conv1(register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 3, 3).padding(1)))),
      conv2(register_module("conv2", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 7, 3).padding(1).bias(false)))),
      fc(register_module("fc", torch::nn::Linear(7 * 4, 5))),
      spare(register_parameter("spare", at::empty({5}))),
      frozen(register_parameter("frozen", at::empty({5}), /*requires_grad=*/false)),
      tied(register_parameter("tied", conv1->bias)) {
  fill(*this, seed);
}

Tensor SmallCnn::forward(const Tensor& x) {
  Tensor y = at::max_pool2d(at::tanh(conv1->forward(x)).add(tied.sum()), {2, 2});
  y = at::max_pool2d(at::tanh(conv2->forward(y)), {2, 2}).flatten(1);
  y = fc->forward(y).mul(frozen);
  return use_spare ? y.add(spare.square()) : y;
}

Normalised::Normalised(int seed)
    : linear(register_module("linear", torch::nn::Linear(3, 3))),
      norm(register_module("norm", torch::nn::BatchNorm1d(3))) {
  fill(*this, seed);
}

Tensor Normalised::forward(const Tensor& x) { return norm->forward(linear->forward(x)); }

Dense::Dense(int in, int out, int seed) : linear(register_module("linear", torch::nn::Linear(in, out))) {
  fill(*this, seed);
}

Tensor Dense::forward(const Tensor& x) { return at::tanh(linear->forward(x)); }

}  // namespace dl::testing
