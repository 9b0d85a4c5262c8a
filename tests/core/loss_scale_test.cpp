#include "core/loss_scale.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "dl/error.h"
#include "tests/oracles/oracle.h"
#include "tests/support/check_close.h"
#include "tests/support/thread_communicator.h"

using namespace dl;
using namespace dl::host;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Param with_gradient(const std::vector<double>& values, at::ScalarType dtype = at::kFloat) {
  Param param;
  param.grad = at::tensor(values, at::kDouble).to(dtype);
  param.value = at::zeros_like(param.grad);
  return param;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_scale)

/// tests/oracles/loss_scale.py: where torch's optimizer did not step, the gradients overflowed.
BOOST_AUTO_TEST_CASE(goes_as_torchs_grad_scaler_does) {
  const std::vector<std::pair<std::string, LossScaleSettings>> cases{
      {"defaults", {}},
      {"grows", {.init_scale = 4, .growth_interval = 3}},
      {"factors", {.init_scale = 1000, .growth_factor = 1.5, .backoff_factor = 0.1, .growth_interval = 2}},
      {"stays finite", {.init_scale = 0x1p127, .growth_interval = 1}}};
  const auto expected = oracle::read("loss_scale");
  BOOST_TEST(expected.size() == 3 * cases.size());
  for (const auto& [key, settings] : cases) BOOST_TEST_CONTEXT(key) {
      LossScale loss_scale(settings);
      std::vector<double> scales, trackers;
      for (const double stepped : expected.at(key + " stepped")) {
        loss_scale.update(stepped == 0);
        scales.push_back(loss_scale.scale());
        trackers.push_back(static_cast<double>(loss_scale.state().growth_tracker));
      }
      support::check_close(scales, expected.at(key + " scale"), 1e-6);  // torch's is float32
      BOOST_TEST(trackers == expected.at(key + " tracker"), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(goes_on_from_a_state) {
  LossScale first({.init_scale = 8, .growth_interval = 3}), second({.init_scale = 99, .growth_interval = 3});
  first.update(true);
  first.update(false);
  second.load(first.state());
  for (int i = 0; i < 2; ++i) second.update(false);
  BOOST_TEST(second.scale() == 8.0);
  // A smaller interval than what has been counted is reached.
  LossScale third({.growth_interval = 2});
  third.load({4, 100});
  third.update(false);
  BOOST_TEST(third.scale() == 8.0);
}

BOOST_AUTO_TEST_CASE(ends_the_run_below_the_minimum) {
  LossScale loss_scale({.init_scale = 4, .min_loss_scale = 2});
  loss_scale.update(true);
  BOOST_TEST(loss_scale.scale() == 2.0);
  BOOST_CHECK_EXCEPTION(loss_scale.update(true), Error,
                        support::says({"at a loss scale of 2", "min_loss_scale = 2", "bf16"}));
}

BOOST_AUTO_TEST_CASE(unscales_in_place) {
  auto a = with_gradient({3, -65536}), b = with_gradient({1e300}, at::kDouble), c = with_gradient({8}, at::kBFloat16);
  const std::vector<Param*> params{&a, &b, &c};
  BOOST_TEST(!unscale(params, 1.0 / 65536, nullptr));
  BOOST_TEST(at::equal(a.grad, at::tensor({3.0F / 65536, -1.0F})));
  BOOST_TEST(b.grad.item<double>() == 1e300 / 65536);
  BOOST_TEST(c.grad.item<double>() == 8.0 / 65536);
  BOOST_TEST(!unscale({}, 1, nullptr));
}

BOOST_AUTO_TEST_CASE(finds_what_is_not_finite) {
  for (const double bad : {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    auto good = with_gradient({1, 2}), other = with_gradient({1, bad, 3});
    const std::vector<Param*> params{&good, &other};
    BOOST_TEST(unscale(params, 0.5, nullptr));
  }
}

/// A rank whose pieces are finite, or that has none, learns of the others'.
BOOST_AUTO_TEST_CASE(ranks_that_hold_pieces_agree) {
  for (const int bad_rank : {-1, 0, 2})
    dl::testing::ThreadGroup::run(4, [&](Communicator& communicator) {
      const int rank = communicator.rank();
      auto piece = with_gradient({rank == bad_rank ? kInfinity : 1});
      std::vector<Param*> params;
      if (rank < 3) params.push_back(&piece);
      if (unscale(params, 1, &communicator) != (bad_rank >= 0)) throw Error("not agreed");
    });
}

BOOST_AUTO_TEST_SUITE_END()
