#include "core/metrics.h"

#include <boost/test/unit_test.hpp>

#include "dl/error.h"

using namespace dl::host;

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(a_missing_one_is_named_with_the_nearest) {
  const Metrics metrics{{"val_loss", 0.5}, {"val_accuracy", 0.9}};
  BOOST_TEST(metric_of(metrics, "val_accuracy", "x") == 0.9);
  BOOST_CHECK_EXCEPTION(metric_of(metrics, "val_acuracy", "[checkpoint] monitor"), dl::Error, [](const auto& error) {
    return std::string(error.what()) ==
           "[checkpoint] monitor: there is no metric \"val_acuracy\"; did you mean \"val_accuracy\"? (a validation "
           "logs: "
           "val_loss, val_accuracy)";
  });
}

BOOST_AUTO_TEST_SUITE_END()
