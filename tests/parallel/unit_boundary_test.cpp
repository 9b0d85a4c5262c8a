#include "plugins/parallel/unit_boundary.h"

#include <ATen/ops/full.h>
#include <torch/csrc/autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <string>

namespace {

struct Recorder : parallel::UnitEvents {
  void enter() override { events += "<"; }
  void leave() override { events += ">"; }
  std::string events;
};

dl::Tensor leaf(double value) { return at::full({2}, value, at::kDouble).set_requires_grad(true); }

}  // namespace

BOOST_AUTO_TEST_CASE(says_when_a_backward_pass_enters_and_leaves) {
  Recorder unit;
  const auto x = leaf(3), w = leaf(2);
  const auto inside = parallel::inputs_of(unit, {x})[0];
  const auto y = parallel::outputs_of(unit, {inside * inside * w})[0];
  BOOST_TEST(unit.events == "");
  y.sum().backward();
  BOOST_TEST(unit.events == "<>");
  BOOST_TEST(x.grad()[0].item<double>() == 12);
  BOOST_TEST(w.grad()[0].item<double>() == 9);
}

BOOST_AUTO_TEST_CASE(a_pass_through_a_pass_goes_the_other_way) {
  Recorder unit;
  const auto x = leaf(3), w = leaf(2);
  const auto y = parallel::outputs_of(unit, {parallel::inputs_of(unit, {x})[0].pow(3) * w})[0];
  const auto slope = torch::autograd::grad({y.sum()}, {x}, {}, true, true)[0];  // 3 w x^2
  BOOST_TEST(unit.events == "<>");
  slope.sum().backward();
  BOOST_TEST(unit.events.substr(0, 3) == "<><");
  BOOST_TEST(unit.events.back() == '>');
  BOOST_TEST(x.grad()[0].item<double>() == 36);
  BOOST_TEST(w.grad()[0].item<double>() == 27);
}

BOOST_AUTO_TEST_CASE(hands_through_what_has_no_gradient) {
  Recorder unit;
  const auto numbers = at::full({2}, 1, at::kLong), plain = at::full({2}, 1.0), x = leaf(1);
  const auto marked = parallel::inputs_of(unit, {numbers, dl::Tensor(), x, plain});
  BOOST_TEST(marked[0].is_same(numbers));
  BOOST_TEST(!marked[1].defined());
  BOOST_TEST(marked[3].is_same(plain));
  marked[2].sum().backward();
  BOOST_TEST(unit.events == ">");
  const at::NoGradGuard no_grad;
  BOOST_TEST(parallel::outputs_of(unit, {x})[0].is_same(x));
}
