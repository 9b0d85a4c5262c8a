#include "dl/rng.h"

#include <ATen/ops/equal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "dl/error.h"

BOOST_AUTO_TEST_SUITE(rng)

BOOST_AUTO_TEST_CASE(is_a_function_of_its_four_arguments) {
  const auto first = dl::Rng(1, "shuffle", 2, 3).next();
  BOOST_TEST(dl::Rng(1, "shuffle", 2, 3).next() == first);
  std::set<uint64_t> others = {first, dl::Rng(2, "shuffle", 2, 3).next(), dl::Rng(1, "augment", 2, 3).next(),
                               dl::Rng(1, "shuffle", 3, 3).next(), dl::Rng(1, "shuffle", 2, 4).next()};
  BOOST_TEST(others.size() == 5U);
}

/// Fixed for ever: a change would silently change every run's sample order.
BOOST_AUTO_TEST_CASE(golden) {
  dl::Rng rng(42, "shuffle", 0, 0);
  const auto order = rng.permutation(8);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 8; ++i) BOOST_TEST(sorted[static_cast<size_t>(i)] == i);
  const std::vector<int64_t> expected = {6, 7, 0, 2, 5, 1, 3, 4};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(moments) {
  constexpr int kCount = 200'000;
  dl::Rng rng(7, "test");
  double uniform = 0, normal = 0, square = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = rng.uniform();
    BOOST_REQUIRE(u >= 0);
    BOOST_REQUIRE(u < 1);
    uniform += u;
    const double z = rng.normal();
    normal += z;
    square += z * z;
  }
  // Five standard errors.
  BOOST_TEST(std::abs(uniform / kCount - 0.5) < 5 * std::sqrt(1.0 / 12 / kCount));
  BOOST_TEST(std::abs(normal / kCount) < 5 / std::sqrt(kCount));
  BOOST_TEST(std::abs(square / kCount - 1) < 5 * std::sqrt(2.0 / kCount));
}

BOOST_AUTO_TEST_CASE(below_is_even) {
  dl::Rng rng(7, "test");
  std::vector<int> counts(6);
  constexpr int kCount = 60'000;
  for (int i = 0; i < kCount; ++i) ++counts.at(static_cast<size_t>(rng.below(6)));
  double chi2 = 0;
  for (const int count : counts) chi2 += std::pow(count - kCount / 6.0, 2) / (kCount / 6.0);
  BOOST_TEST(chi2 < 25.7);  // 5 degrees of freedom, p = 1e-4
  BOOST_CHECK_THROW(rng.below(0), dl::Error);
}

BOOST_AUTO_TEST_CASE(tensors) {
  const auto x_BC = dl::Rng(1, "noise").normal({64, 8});
  BOOST_TEST(at::equal(x_BC, dl::Rng(1, "noise").normal({64, 8})));
  BOOST_TEST((x_BC.scalar_type() == at::kFloat));
  const auto u = dl::Rng(1, "noise").uniform({1000});
  BOOST_TEST(u.min().item<float>() >= 0.0F);
  BOOST_TEST(u.max().item<float>() < 1.0F);
}

BOOST_AUTO_TEST_SUITE_END()
