#include "core/autocast.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/ones.h>
#include <c10/core/GradMode.h>

#include <boost/test/unit_test.hpp>

using namespace dl;
using namespace dl::host;

namespace {

Tensor weight() { return at::full({2, 3}, 0.25).requires_grad_(); }

void set(Tensor& parameter, double value) {
  const at::NoGradGuard no_grad;
  parameter.fill_(value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(autocast)

BOOST_AUTO_TEST_CASE(is_on_while_it_lives) {
  const auto x = at::ones({1, 3}), w = weight();
  const auto dtype = [&] { return at::linear(x, w).scalar_type(); };
  BOOST_TEST(dtype() == at::kFloat);
  {
    const Autocast on(at::kBFloat16, at::kCPU);
    BOOST_TEST(dtype() == at::kBFloat16);
    {
      const Autocast off(std::nullopt, at::kCPU);
      BOOST_TEST(dtype() == at::kFloat);
    }
    BOOST_TEST(dtype() == at::kBFloat16);
    const auto y = at::linear(x, w);
    BOOST_TEST(at::mse_loss(y, at::ones({1, 2})).scalar_type() == at::kFloat);
  }
  BOOST_TEST(dtype() == at::kFloat);
  {
    const Autocast half(at::kHalf, at::kCPU);
    BOOST_TEST(dtype() == at::kHalf);
  }
  BOOST_CHECK_THROW(
      {
        const Autocast on(at::kBFloat16, at::kCPU);
        throw 1;
      },
      int);
  BOOST_TEST(dtype() == at::kFloat);
}

/// Whether a cast is made again shows where its parameter changes, which it must not.
BOOST_AUTO_TEST_CASE(casts_are_kept_as_long_as_a_cache) {
  const auto x = at::ones({1, 3});
  auto w = weight();
  const auto value = [&] {
    const Autocast on(at::kBFloat16, at::kCPU);
    return at::linear(x, w)[0][0].item<double>();
  };
  BOOST_TEST(value() == 0.75);
  set(w, 0.5);
  {
    const Autocast::Cache cache;
    BOOST_TEST(value() == 1.5);
    set(w, 1);
    BOOST_TEST(value() == 1.5);
  }
  BOOST_TEST(value() == 3.0);
}

/// The backward passes of several forward passes that share a cast.
BOOST_AUTO_TEST_CASE(gradients_pass_a_shared_cast_more_than_once) {
  const auto x = at::ones({1, 3});
  auto w = weight();
  const Autocast::Cache cache;
  for (int i = 1; i <= 3; ++i) {
    Tensor y;
    {
      const Autocast on(at::kBFloat16, at::kCPU);
      y = at::linear(x, w);
    }
    y.sum().backward();
    BOOST_TEST(w.grad().scalar_type() == at::kFloat);
    BOOST_TEST(at::equal(w.grad(), at::full({2, 3}, static_cast<double>(i))));
  }
}

BOOST_AUTO_TEST_SUITE_END()
