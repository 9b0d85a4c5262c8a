#include "core/background_work.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "dl/error.h"

using dl::host::BackgroundWork;

BOOST_AUTO_TEST_SUITE(background_work)

BOOST_AUTO_TEST_CASE(one_piece_after_the_other) {
  BackgroundWork work;
  work.take();  // nothing began
  int pieces = 0;
  for (int i = 0; i < 3; ++i) {
    work.start([&] { ++pieces; });
    BOOST_TEST(work.busy());
    BOOST_CHECK_THROW(work.start([] {}), dl::Error);
    work.take();
    BOOST_TEST(!work.busy());
  }
  BOOST_TEST(pieces == 3);
}

BOOST_AUTO_TEST_CASE(what_it_throws_comes_once) {
  BackgroundWork work;
  work.start([] { throw dl::Error("a full disk"); });
  BOOST_CHECK_EXCEPTION(work.take(), dl::Error,
                        [](const auto& error) { return error.what() == std::string("a full disk"); });
  work.take();
  work.start([] {});
  work.take();
}

BOOST_AUTO_TEST_CASE(the_caller_keeps_its_priority) {
  const int before = getpriority(PRIO_PROCESS, 0);
  int there = before;
  BackgroundWork work;
  work.start([&] { there = getpriority(PRIO_PROCESS, 0); });
  work.take();
  BOOST_TEST(there == std::min(before + 5, 19));
  BOOST_TEST(getpriority(PRIO_PROCESS, 0) == before);
}

BOOST_AUTO_TEST_SUITE_END()
