#include "core/torchscript.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/rand_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/serialization/import.h>

#include <boost/test/unit_test.hpp>

#include "parallel/networks.h"
#include "run_files/throws.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
using dl::testing::noise;

namespace {

class TwoOutputs final : public Network {
 public:
  TwoOutputs() : inner(3, 4, 1) {
    register_module("inner", std::shared_ptr<Network>(&inner, [](auto*) {}));
  }
  Tensors forward(const Tensors& inputs) override {
    const auto y = inner.forward(inputs[0] + inputs[1]);
    return {y, y.sum(1)};
  }
  dl::testing::Dense inner;
};

/// The batch's size becomes a constant of the trace.
class ByItsSize final : public UnaryNetwork {
 public:
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return x.view({x.size(0), -1}); }
};

class ByChance final : public UnaryNetwork {
 public:
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return x + at::rand_like(x); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(torchscript)

BOOST_AUTO_TEST_CASE(computes_the_same_without_the_class) {
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  dl::testing::SmallCnn network(3);
  write_torchscript(folder / "n.torchscript", network, {noise({2, 1, 8, 8}, 1).to(at::kFloat)});
  auto loaded = torch::jit::load(folder / "n.torchscript");
  const auto x = noise({5, 1, 8, 8}, 2).to(at::kFloat);
  BOOST_TEST(at::equal(loaded.forward({x}).toTensor(), network(x)));
  size_t parameters = 0;
  for (const auto& parameter : loaded.named_parameters()) {
    BOOST_TEST(at::equal(parameter.value, network.named_parameters()[parameter.name]), parameter.name);
    ++parameters;
  }
  BOOST_TEST(parameters == network.named_parameters().size());
}

BOOST_AUTO_TEST_CASE(several_inputs_and_outputs) {
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  TwoOutputs network;
  const auto a = noise({2, 3}, 1).to(at::kFloat), b = noise({2, 3}, 2).to(at::kFloat);
  write_torchscript(folder / "n.torchscript", network, {a, b});
  auto loaded = torch::jit::load(folder / "n.torchscript");
  const auto outputs = loaded.forward({b, b}).toTuple();
  const auto expected = network(Tensors{b, b});
  BOOST_TEST_REQUIRE(outputs->elements().size() == 2U);
  for (size_t i = 0; i < 2; ++i) BOOST_TEST(at::equal(outputs->elements()[i].toTensor(), expected[i]));
}

BOOST_AUTO_TEST_CASE(what_a_trace_would_get_wrong_is_refused) {
  const TemporaryFolder folder;
  const auto x = noise({2, 3, 4}, 1);
  ByItsSize size;
  check_error([&] { write_torchscript(folder / "n", size, {x}); },
              {"given [1, 3, 4] float64, gives other results", "flatten(1)"});
  ByChance chance;
  check_error([&] { write_torchscript(folder / "n", chance, {x}); }, {"gives other results", "without chance"});
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_SUITE_END()
