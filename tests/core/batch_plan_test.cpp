#include "core/batch_plan.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

using dl::host::BatchPlan;

BOOST_AUTO_TEST_SUITE(batch_plan)

/// For any cut, each sample is in exactly one slice, and the global micro-batches hold the same samples.
BOOST_AUTO_TEST_CASE(every_sample_once) {
  for (const int64_t samples : {1, 5, 24, 61, 100})
    for (const int64_t ranks : {1, 2, 3, 4, 8})
      for (const int64_t batch : {1, 3, 8}) {
        const BatchPlan plan{samples, batch, ranks, 2, false};
        std::multiset<int64_t> seen;
        for (int64_t b = 0; b < plan.micro_batches(); ++b) {
          int64_t low = samples, high = 0, total = 0;
          for (int64_t r = 0; r < ranks; ++r) {
            const auto slice = plan.slice(b, r);
            BOOST_REQUIRE(slice.size() >= 1);
            BOOST_REQUIRE(slice.begin >= 0);
            BOOST_REQUIRE(slice.end <= samples);
            if (slice.padding) continue;
            BOOST_REQUIRE(slice.size() <= batch);
            for (int64_t i = slice.begin; i < slice.end; ++i) seen.insert(i);
            low = std::min(low, slice.begin);
            high = std::max(high, slice.end);
            total += slice.size();
          }
          BOOST_REQUIRE(high - low == total);  // consecutive
          BOOST_REQUIRE(low == b * batch * ranks);
        }
        BOOST_REQUIRE(static_cast<int64_t>(seen.size()) == samples);
        BOOST_REQUIRE(static_cast<int64_t>(std::set<int64_t>(seen.begin(), seen.end()).size()) == samples);
      }
}

BOOST_AUTO_TEST_CASE(the_last_batch_is_dealt_out_evenly) {
  const BatchPlan plan{21, 4, 4, 1, false};
  BOOST_TEST(plan.micro_batches() == 2);
  std::vector<int64_t> sizes;
  for (int64_t r = 0; r < 4; ++r) sizes.push_back(plan.slice(1, r).size());
  BOOST_TEST(sizes == (std::vector<int64_t>{2, 1, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(plan.samples_in(1) == 5);
  const BatchPlan few{18, 4, 4, 1, false};
  BOOST_TEST(!few.slice(1, 1).padding);
  BOOST_TEST(few.slice(1, 2).padding);
  BOOST_TEST(few.slice(1, 2).size() == 1);
}

BOOST_AUTO_TEST_CASE(drop_last) {
  const BatchPlan plan{21, 4, 4, 1, true};
  BOOST_TEST(plan.micro_batches() == 1);
  BOOST_TEST(plan.samples_in(0) == 16);
}

BOOST_AUTO_TEST_CASE(windows) {
  const BatchPlan plan{100, 8, 1, 3, false};  // 13 micro-batches, the last of 4
  BOOST_TEST(plan.micro_batches() == 13);
  BOOST_TEST(plan.windows() == 5);
  BOOST_TEST(plan.micro_batches_in(3) == 3);
  BOOST_TEST(plan.micro_batches_in(4) == 1);
  BOOST_TEST(plan.samples_in(0) == 24);
  BOOST_TEST(plan.samples_in(4) == 4);
}

BOOST_AUTO_TEST_CASE(order) {
  const auto a = dl::host::sample_order(1000, true, 1, 0);
  BOOST_TEST((a == dl::host::sample_order(1000, true, 1, 0)));
  BOOST_TEST((a != dl::host::sample_order(1000, true, 1, 1)));
  BOOST_TEST((a != dl::host::sample_order(1000, true, 2, 0)));
  auto sorted = a;
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST((sorted == dl::host::sample_order(1000, false, 1, 0)));
}

BOOST_AUTO_TEST_SUITE_END()
