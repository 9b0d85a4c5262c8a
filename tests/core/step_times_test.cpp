#include "core/step_times.h"

#include <boost/test/unit_test.hpp>

using dl::host::StepTimes;
using std::chrono::milliseconds;

namespace {

constexpr double kClose = 1e-6;

}  // namespace

BOOST_AUTO_TEST_SUITE(step_times)

BOOST_AUTO_TEST_CASE(without_steps_all_is_nothing) {
  StepTimes times;
  for (int i = 0; i < 5; ++i) times.step_done();  // the warm-up
  BOOST_TEST(times.summary().steps == 0);
  BOOST_TEST(times.summary().median == 0.0);
}

BOOST_AUTO_TEST_CASE(warm_up_and_the_time_between_epochs_are_left_out) {
  StepTimes times;
  StepTimes::Clock::time_point now;
  auto step = [&](int ms) { times.step_done(now += milliseconds(ms)); };
  times.begin_epoch();
  for (int i = 0; i < 5; ++i) step(1000);
  for (const int ms : {10, 20, 30}) step(ms);
  now += std::chrono::hours(1);  // validation
  times.begin_epoch();
  step(5000);
  for (const int ms : {40, 50}) step(ms);
  const auto found = times.summary();
  BOOST_TEST(found.steps == 5);
  BOOST_CHECK_SMALL(found.median - 0.030, kClose);
  BOOST_CHECK_SMALL(found.p10 - 0.014, kClose);  // numpy.quantile([10, 20, 30, 40, 50], [0.1, 0.9]): 14, 46
  BOOST_CHECK_SMALL(found.p90 - 0.046, kClose);
}

BOOST_AUTO_TEST_CASE(the_last_ten_thousand_are_kept) {
  StepTimes times;
  StepTimes::Clock::time_point now;
  for (int i = 0; i < 5 + 9'000; ++i) times.step_done(now += milliseconds(1));
  for (int i = 0; i < 9'000; ++i) times.step_done(now += milliseconds(9));
  BOOST_TEST(times.summary().steps == 18'000);
  BOOST_CHECK_SMALL(times.summary().p10 - 0.0082, kClose);  // 1,000 of 1 ms, then 9 ms: between the two
  BOOST_CHECK_SMALL(times.summary().median - 0.009, kClose);
}

BOOST_AUTO_TEST_SUITE_END()
