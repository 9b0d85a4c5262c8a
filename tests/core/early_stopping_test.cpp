#include "core/early_stopping.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

using namespace dl::host;

namespace {

/// How many of `values` are seen before it stops; 0: never.
int stops_at(EarlyStoppingSettings settings, const std::vector<double>& values) {
  settings.monitor = "val_loss";
  EarlyStopping stopping(settings);
  for (size_t i = 0; i < values.size(); ++i)
    if (stopping.observe(values[i])) return static_cast<int>(i) + 1;
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(early_stopping)

BOOST_AUTO_TEST_CASE(patience_counts_validations_without_improvement) {
  BOOST_TEST(stops_at({.patience = 3}, {5, 4, 4.1, 4.2, 4.3, 1}) == 5);
  BOOST_TEST(stops_at({.patience = 3}, {5, 4, 4.1, 4.2, 3.9, 4.3, 4.3}) == 0);
  BOOST_TEST(stops_at({.patience = 1}, {5, 5}) == 2);
  BOOST_TEST(stops_at({.mode = "max", .patience = 2}, {0.5, 0.6, 0.6, 0.55}) == 4);
  BOOST_TEST(stops_at({.mode = "max", .patience = 2}, {5, 6, 7, 8}) == 0);
}

BOOST_AUTO_TEST_CASE(min_delta) {
  BOOST_TEST(stops_at({.patience = 2, .min_delta = 0.1}, {5, 4.95, 4.91, 4}) == 3);
  BOOST_TEST(stops_at({.patience = 2, .min_delta = 0.01}, {5, 4.95, 4.91, 4}) == 0);
}

BOOST_AUTO_TEST_CASE(thresholds_and_nan) {
  BOOST_TEST(stops_at({.stopping_threshold = 1.0}, {5, 2, 0.9, 4}) == 3);
  BOOST_TEST(stops_at({.divergence_threshold = 10.0}, {5, 11, 4}) == 2);
  BOOST_TEST(stops_at({.mode = "max", .divergence_threshold = 0.1}, {5, 0.05, 4}) == 2);
  const double nan = std::nan("");
  BOOST_TEST(stops_at({}, {5, nan}) == 2);
  BOOST_TEST(stops_at({}, {5, std::numeric_limits<double>::infinity()}) == 2);
  BOOST_TEST(stops_at({.patience = 2, .check_finite = false}, {5, nan, 4, nan, nan}) == 5);
}

BOOST_AUTO_TEST_CASE(says_why_and_goes_on_after_a_resume) {
  EarlyStoppingSettings settings;
  settings.monitor = "val_loss";
  settings.patience = 2;
  EarlyStopping first(settings);
  first.observe(0.5);
  BOOST_TEST(!first.observe(0.6));
  nlohmann::ordered_json state;
  first.save(state);
  EarlyStopping second(settings);
  second.load(state);
  const auto reason = second.observe(0.7);
  BOOST_REQUIRE(reason.has_value());
  BOOST_TEST(*reason == "val_loss has not improved on 0.5000 in 2 validation(s)");
}

BOOST_AUTO_TEST_SUITE_END()
