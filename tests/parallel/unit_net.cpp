#include "unit_net.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>
#include <c10/core/DefaultDtype.h>

namespace dl::testing {

Block::Block()
    : a(register_module("a", torch::nn::Linear(8, 9))),
      b(register_module("b", torch::nn::Linear(9, 8))),
      scale(register_parameter("scale", at::full({8}, 0.5, c10::get_default_dtype_as_scalartype()), false)) {}

Tensor Block::forward(const Tensor& x) { return x + b(at::tanh(a(x))) * scale; }

Crossing::Crossing()
    : left(register_module("left", torch::nn::Linear(8, 8))),
      right(register_module("right", torch::nn::Linear(8, 8))) {}

Tensors Crossing::forward(const Tensor& x, const Tensor& y) { return {at::tanh(left(x)) + y, at::tanh(right(y)) * x}; }

UnitNet::UnitNet(Build& build, int seed) : stem(nullptr) {
  auto generator = at::detail::getDefaultCPUGenerator();
  generator.set_current_seed(static_cast<uint64_t>(seed));
  stem = register_module("stem", torch::nn::Linear(5, 8));
  twice = unit(build, "twice", [] { return std::make_shared<Block>(); });
  shared = unit(build, "shared", [] { return std::make_shared<Block>(); });
  spare = unit(build, "spare", [] { return std::make_shared<Block>(); });
  crossing = unit(build, "crossing", [] { return std::make_shared<Crossing>(); });
  // The head's weight is the shared block's.
  tied = register_parameter("tied", shared->a->weight);
}

Tensor UnitNet::forward(const Tensor& x) {
  auto y = twice(stem(x));
  y = shared(twice(y));
  if (use_spare) y = spare(y);
  const auto both = crossing(y, at::tanh(y));
  return at::linear(both[0] + both[1], tied).narrow(1, 0, 3);
}

MixedNet::MixedNet(Build& build) {
  unit(build, "mixed", [] {
    auto made = std::make_shared<Block>();
    made->b->to(at::kBFloat16);
    return made;
  });
}

MadeIn::MadeIn(at::ScalarType dtype) : before_(c10::get_default_dtype()) {
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
}

MadeIn::~MadeIn() { c10::set_default_dtype(before_); }

std::unique_ptr<UnitNet> attach_unit_net(Backend& backend, const std::string& name, int seed, at::ScalarType dtype) {
  const MadeIn made_in(dtype);
  auto network = std::make_unique<UnitNet>(backend.build(name), seed);
  backend.attach(name, *network);
  return network;
}

}  // namespace dl::testing
