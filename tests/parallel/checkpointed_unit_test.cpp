#include "plugins/parallel/checkpointed_unit.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/modules/batchnorm.h>

#include <boost/test/unit_test.hpp>

#include "dl/error.h"

namespace {

dl::Tensor random_leaf(at::IntArrayRef sizes) { return at::rand(sizes).set_requires_grad(true); }

const auto kNone = std::make_shared<torch::nn::Module>();

void seed() {
  auto generator = at::detail::getDefaultCPUGenerator();
  generator.set_current_seed(7);
}

}  // namespace

BOOST_AUTO_TEST_CASE(gradients_are_those_of_the_plain_run_dropout_included) {
  const auto w = random_leaf({4, 4}), x = random_leaf({3, 4});
  int runs = 0;
  const auto forward = [&](const dl::Tensors& in) -> dl::Tensors {
    ++runs;
    return {at::dropout(at::linear(in[0], w), 0.5, true).square(), in[0] * 2};
  };
  const auto loss = [](const dl::Tensors& out) { return out[0].sum() + (out[1] * out[1]).sum(); };
  seed();
  loss(forward({x})).backward();
  const auto w_grad = w.grad().clone(), x_grad = x.grad().clone();
  w.mutable_grad().reset();
  x.mutable_grad().reset();
  seed();
  const auto recomputed = loss(parallel::run_checkpointed(kNone, {x}, forward, nullptr));
  at::rand({5});  // other draws in between
  runs = 0;
  recomputed.backward();
  BOOST_TEST(runs == 1);
  BOOST_TEST(at::equal(w.grad(), w_grad));
  BOOST_TEST(at::equal(x.grad(), x_grad));
}

BOOST_AUTO_TEST_CASE(inputs_need_no_gradient) {
  const auto w = random_leaf({2, 2}), x = at::rand({3, 2});
  const auto out = parallel::run_checkpointed(
      kNone, {x}, [&](const dl::Tensors& in) -> dl::Tensors { return {at::linear(in[0], w)}; }, nullptr);
  out[0].sum().backward();
  BOOST_TEST(at::equal(w.grad(), x.sum(0).expand({2, 2})));
}

/// Running mean, running variance and the number of batches.
BOOST_AUTO_TEST_CASE(a_batch_norm_counts_a_batch_once) {
  const auto train = [](bool checkpointed) {
    const auto norm = std::make_shared<torch::nn::BatchNorm1dImpl>(3);
    const auto x = at::arange(12, at::kFloat).view({4, 3}).set_requires_grad(true);
    const auto forward = [norm](const dl::Tensors& in) -> dl::Tensors { return {norm->forward(in[0])}; };
    const auto y = checkpointed ? parallel::run_checkpointed(norm, {x}, forward, nullptr) : forward({x});
    (y[0] * y[0] * y[0]).sum().backward();
    return std::pair(norm, x.grad());
  };
  const auto [plain, plain_grad] = train(false);
  const auto [norm, grad] = train(true);
  BOOST_TEST(norm->num_batches_tracked.item<int64_t>() == 1);
  BOOST_TEST(at::equal(norm->running_mean, plain->running_mean));
  BOOST_TEST(at::equal(norm->running_var, plain->running_var));
  BOOST_TEST(at::equal(norm->weight.grad(), plain->weight.grad()));
  BOOST_TEST(at::equal(grad, plain_grad));
}

BOOST_AUTO_TEST_CASE(runs_again_under_the_same_autocast) {
  const auto w = random_leaf({2, 2}), x = at::rand({3, 2});
  std::vector<at::ScalarType> types;
  const auto forward = [&](const dl::Tensors& in) -> dl::Tensors {
    auto y = at::linear(in[0], w);
    types.push_back(y.scalar_type());
    return {y};
  };
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto out = parallel::run_checkpointed(kNone, {x}, forward, nullptr)[0];
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  out.sum().backward();
  BOOST_REQUIRE(types.size() == 2);
  BOOST_TEST((types[0] == at::kBFloat16 && types[1] == at::kBFloat16));
  BOOST_TEST(!at::autocast::is_autocast_enabled(at::kCPU));
}

BOOST_AUTO_TEST_CASE(a_pass_to_be_differentiated_is_refused) {
  const auto x = random_leaf({2});
  const auto out = parallel::run_checkpointed(
      kNone, {x}, [](const dl::Tensors& in) -> dl::Tensors { return {in[0] * in[0]}; }, nullptr);
  BOOST_CHECK_EXCEPTION(
      torch::autograd::grad({out[0].sum()}, {x}, {}, true, true), dl::Error, [](const dl::Error& error) {
        return std::string(error.what()).find("activation_checkpointing = false") != std::string::npos;
      });
}
