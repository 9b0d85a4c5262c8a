#include "core/train_limits.h"

#include <boost/test/unit_test.hpp>

using namespace dl;
using namespace dl::host;

BOOST_AUTO_TEST_SUITE(train_limits)

BOOST_AUTO_TEST_CASE(a_batch_limit_is_a_count_or_a_fraction) {
  Problems problems;
  const auto of = [&](const Value& value, int64_t total) { return BatchLimit::read(value, "x", problems).of(total); };
  BOOST_TEST(of(Value(1.0), 7) == 7);
  BOOST_TEST(of(Value(1), 7) == 1);
  BOOST_TEST(of(Value(9), 7) == 7);
  BOOST_TEST(of(Value(0), 7) == 0);
  BOOST_TEST(of(Value(0.5), 7) == 3);
  BOOST_TEST(of(Value(0.01), 7) == 1);
  BOOST_TEST(of(Value(0.0), 7) == 0);
  BOOST_TEST(problems.empty());
  for (const auto& wrong : {Value(-1), Value(1.5), Value("half"), Value(true)}) of(wrong, 7);
  BOOST_TEST(problems.list().size() == 4U);
  BOOST_TEST(problems.list()[1].message.find("between 0.0 and 1.0), found 1.5") != std::string::npos,
             problems.list()[1].message);
}

BOOST_AUTO_TEST_CASE(durations) {
  BOOST_TEST(parse_duration("00:00:05").value() == 5);
  BOOST_TEST(parse_duration("01:02:03").value() == 3723);
  BOOST_TEST(parse_duration("2:01:00:00").value() == 2 * 86400 + 3600);
  BOOST_TEST(parse_duration("36:00:00").value() == 36 * 3600);
  for (const char* wrong : {"", "5", "1:2", "00:60:00", "00:00:61", "1:2:3:4:5", "a:b:c", "1:2:", "-1:00:00", "1:2:3 "})
    BOOST_TEST(!parse_duration(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(dev_runs_and_overfitting) {
  Problems problems;
  TrainSettings settings;
  auto limits = TrainLimits::read(settings, problems);
  BOOST_TEST(limits.train.of(100) == 100);
  BOOST_TEST(!limits.dev_run);
  BOOST_TEST(!limits.overfit);
  BOOST_TEST(limits.num_epochs == 10);

  settings.fast_dev_run = Value(true);
  limits = TrainLimits::read(settings, problems);
  BOOST_TEST(limits.dev_run);
  BOOST_TEST(limits.num_epochs == 1);
  BOOST_TEST(limits.sanity_batches == 0);
  BOOST_TEST(limits.test.of(100) == 1);
  settings.fast_dev_run = Value(3);
  BOOST_TEST(TrainLimits::read(settings, problems).train.of(100) == 3);

  settings.fast_dev_run = Value(false);
  settings.overfit_batches = Value(2);
  limits = TrainLimits::read(settings, problems);
  BOOST_TEST(limits.overfit);
  BOOST_TEST(limits.train.of(100) == 2);
  BOOST_TEST(limits.validation.of(100) == 2);
  BOOST_TEST(limits.test.of(100) == 100);
  BOOST_TEST(problems.empty());

  settings.fast_dev_run = Value("yes");
  TrainLimits::read(settings, problems);
  BOOST_TEST(problems.list().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
