#include "core/log_averages.h"

#include <ATen/ops/tensor.h>

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "core/self_communicator.h"
#include "dl/error.h"
#include "tests/support/thread_communicator.h"

using dl::host::LogAverages;

BOOST_AUTO_TEST_SUITE(log_averages)

BOOST_AUTO_TEST_CASE(weighted_and_reset) {
  dl::host::LogAverages log;
  dl::SelfCommunicator self;
  log.add("a", at::tensor(1.0), 1);
  log.add("a", at::tensor(4.0), 2);
  log.add("nothing", at::tensor(NAN), 0);  // padding counts as nothing, whatever it computed
  BOOST_TEST(log.newest("a") == 4.0);
  const auto means = log.reduce(self);
  BOOST_REQUIRE(means.size() == 1U);
  BOOST_TEST(means[0].mean == 3.0);
  BOOST_TEST(means[0].weight == 3.0);
  BOOST_TEST(log.reduce(self).empty());
  BOOST_TEST(std::isnan(log.newest("b")));
}

BOOST_AUTO_TEST_CASE(over_ranks) {
  dl::testing::ThreadGroup::run(3, [](dl::Communicator& ranks) {
    LogAverages log;
    log.add("loss", at::tensor(static_cast<double>(ranks.rank())), ranks.rank() + 1);
    const auto means = log.reduce(ranks);
    if (means.size() != 1 || std::abs(means[0].mean - 8.0 / 6) > 1e-15) throw dl::Error("wrong mean");
  });
}

BOOST_AUTO_TEST_CASE(other_names_are_refused) {
  BOOST_CHECK_THROW(dl::testing::ThreadGroup::run(2,
                                                  [](dl::Communicator& ranks) {
                                                    LogAverages log;
                                                    if (ranks.rank() == 0) log.add("extra", at::tensor(1.0), 1);
                                                    (void)log.reduce(ranks);
                                                  }),
                    dl::Error);
}

BOOST_AUTO_TEST_SUITE_END()
