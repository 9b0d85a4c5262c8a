#include "core/probe.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "zoo.h"

using namespace dl::host;
using namespace std::chrono_literals;
using End = ProbeResult::End;

BOOST_AUTO_TEST_SUITE(probe_suite)

BOOST_AUTO_TEST_CASE(returns_what_was_sent_and_printed) {
  const auto result = probe([](const Send& send) {
    send("one ");
    std::cout << "to cout";
    std::fputs(" to stderr", stderr);
    send("two");
  });
  BOOST_CHECK(result.end == End::finished);
  BOOST_TEST(result.report == "one two");
  BOOST_TEST(zoo::has(result.printed, "to cout"));
  BOOST_TEST(zoo::has(result.printed, "to stderr"));
}

BOOST_AUTO_TEST_CASE(nothing_comes_back_into_the_parent) {
  int value = 1;
  std::cout << "";
  BOOST_CHECK(probe([&](const Send&) { value = 2; }).end == End::finished);
  BOOST_TEST(value == 1);
}

BOOST_AUTO_TEST_CASE(signals) {
  const auto result = probe([](const Send& send) {
    send("before");
    std::raise(SIGSEGV);
  });
  BOOST_CHECK(result.end == End::signalled);
  BOOST_TEST(result.code == SIGSEGV);
  BOOST_TEST(result.report == "before");
  BOOST_TEST(result.text() == "ended with signal 11 (Segmentation fault)");
}

// The host's own handler must not run in the child.
BOOST_AUTO_TEST_CASE(handlers_of_the_parent_do_not_count) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  const auto result = probe([](const Send&) { std::raise(SIGTERM); });
  std::signal(SIGTERM, before);
  BOOST_CHECK(result.end == End::signalled);
  BOOST_TEST(result.code == SIGTERM);
}

BOOST_AUTO_TEST_CASE(exits) {
  BOOST_TEST(probe([](const Send&) { ::_exit(7); }).text() == "ended its process with exit code 7");
  // Also where the code says that all is well.
  const auto zero = probe([](const Send& send) {
    send("half");
    ::_exit(0);
  });
  BOOST_CHECK(zero.end == End::exited);
  BOOST_TEST(zero.report == "half");
}

BOOST_AUTO_TEST_CASE(exceptions) {
  const auto result = probe([](const Send&) { throw std::runtime_error("out of tea"); });
  BOOST_CHECK(result.end == End::exited);
  BOOST_TEST(result.printed == "out of tea\n");
}

BOOST_AUTO_TEST_CASE(time_limit) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = probe(
      [](const Send& send) {
        send("waiting");
        for (;;) std::this_thread::sleep_for(1s);
      },
      1000ms);
  BOOST_CHECK(result.end == End::timed_out);
  BOOST_TEST(result.report == "waiting");
  BOOST_TEST(result.text() == "did not end within 1 s");
  BOOST_CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

BOOST_AUTO_TEST_CASE(endless_output_is_bounded) {
  const auto result = probe(
      [](const Send& send) {
        for (;;) send(std::string(1 << 16, 'x'));
      },
      500ms);
  BOOST_CHECK(result.end == End::timed_out);
  BOOST_TEST(result.report.size() < (20U << 20U));
}

BOOST_AUTO_TEST_CASE(long_output_arrives_whole) {
  const auto result = probe([](const Send& send) { send(std::string(3'000'000, 'y')); });
  BOOST_CHECK(result.end == End::finished);
  BOOST_TEST(result.report.size() == 3'000'000U);
}

// A process that the child leaves behind keeps the pipes open, and must not keep us.
BOOST_AUTO_TEST_CASE(orphans_do_not_hold_us) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = probe([](const Send& send) {
    if (::fork() == 0) {
      std::this_thread::sleep_for(3s);
      ::_exit(0);
    }
    send("parent is done");
  });
  BOOST_CHECK(result.end == End::finished);
  BOOST_TEST(result.report == "parent is done");
  BOOST_CHECK(std::chrono::steady_clock::now() - begin < 2s);
}

BOOST_AUTO_TEST_SUITE_END()
