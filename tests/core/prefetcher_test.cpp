#include "core/prefetcher.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "dl/error.h"

using dl::host::Prefetcher;

namespace {

dl::Batch batch_of(int64_t index) { return {{}, {index}, false}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(prefetcher)

BOOST_AUTO_TEST_CASE(order_is_kept_for_any_number_of_workers) {
  for (const int64_t workers : {0, 1, 2, 5}) {
    Prefetcher prefetcher(
        [](int64_t index) {
          std::this_thread::sleep_for(std::chrono::microseconds(index % 3 * 200));
          return batch_of(index);
        },
        50, workers);
    for (int64_t i = 0; i < 50; ++i) BOOST_REQUIRE(prefetcher.next().indices.at(0) == i);
  }
}

BOOST_AUTO_TEST_CASE(works_ahead_but_not_too_far) {
  std::atomic<int64_t> made{0};
  Prefetcher prefetcher([&](int64_t index) { return ++made, batch_of(index); }, 1000, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  BOOST_TEST(made.load() == 6);  // 2 × workers + 2
  (void)prefetcher.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  BOOST_TEST(made.load() == 7);
}

BOOST_AUTO_TEST_CASE(an_error_comes_where_its_batch_would) {
  for (const int64_t workers : {0, 2}) {
    Prefetcher prefetcher(
        [](int64_t index) {
          if (index == 3) throw dl::Error("sample 3 is broken");
          return batch_of(index);
        },
        10, workers);
    for (int64_t i = 0; i < 3; ++i) BOOST_REQUIRE(prefetcher.next().indices.at(0) == i);
    BOOST_CHECK_EXCEPTION(prefetcher.next(), dl::Error,
                          [](const auto& error) { return std::string(error.what()) == "sample 3 is broken"; });
  }
}

BOOST_AUTO_TEST_CASE(can_be_left_at_any_time) {
  for (int i = 0; i < 20; ++i) {
    Prefetcher prefetcher([](int64_t index) { return batch_of(index); }, 100, 3);
    if (i % 2) (void)prefetcher.next();
  }
}

BOOST_AUTO_TEST_SUITE_END()
