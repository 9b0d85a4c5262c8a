#include "plugins/nccl/watchdog.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>

#include "dl/error.h"

namespace {

using nccl::Watchdog;

/// What a watchdog gives up with; "" where it does not within a second.
struct Dog {
  explicit Dog(double timeout_s)
      : dog("rank 1 on node7", timeout_s,
            {[this] { return failure_now ? std::string("NCCL reports \"remote error\"") : std::string(); },
             [this](const std::string& text) { given_up.set_value(text); }}) {}
  std::string text() {
    auto future = given_up.get_future();
    return future.wait_for(std::chrono::seconds(1)) == std::future_status::ready ? future.get() : "";
  }
  std::promise<std::string> given_up;
  std::atomic<bool> failure_now{false};
  Watchdog dog;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_takes_too_long_is_named_with_what_finished_before) {
  Dog dog(0.1);
  dog.dog.watch({"all_reduce", "gradients, bucket 1", 6}, [] { return true; });
  dog.dog.watch({"all_reduce", "gradients, bucket 2", 7}, [] { return false; });
  dog.dog.watch({"all_gather", "parameters", 8}, [] { return false; });
  const auto text = dog.text();
  BOOST_TEST(
      text.find("rank 1 on node7: all_reduce of \"gradients, bucket 2\" (call 7) has not finished after 0.") == 0,
      text);
  BOOST_TEST(
      text.find("(the last call that finished here: all_reduce of \"gradients, bucket 1\" (call 6))") != text.npos,
      text);
  BOOST_TEST(!dog.dog.well());
  BOOST_CHECK_EXCEPTION(dog.dog.must_be_well({"barrier", "later", 9}), dl::Error, [&](const dl::Error& error) {
    return error.what() ==
           "rank 1 on node7: barrier of \"later\" (call 9) can't be done after one that failed: " + text;
  });
}

// Each has the time-out for itself: the clock of one begins when the one before it is done.
BOOST_AUTO_TEST_CASE(waiting_for_its_turn_does_not_count) {
  Dog dog(0.3);
  const auto begin = std::chrono::steady_clock::now();
  const auto done_after = [begin](double seconds) {
    return [=] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > seconds; };
  };
  for (int i = 1; i <= 4; ++i) dog.dog.watch({"all_reduce", "numbers", i}, done_after(0.2 * i));
  BOOST_TEST(dog.text() == "");
  BOOST_TEST(dog.dog.well());
}

BOOST_AUTO_TEST_CASE(nothing_under_way_takes_no_time) {
  Dog dog(0.05);
  BOOST_TEST(dog.text() == "");
}

BOOST_AUTO_TEST_CASE(a_failure_that_comes_by_itself_is_named) {
  Dog dog(60);
  dog.dog.watch({"reduce_scatter", "gradients", 3}, [] { return false; });
  dog.failure_now = true;
  BOOST_TEST(dog.text() == "rank 1 on node7: reduce_scatter of \"gradients\" (call 3): NCCL reports \"remote error\"");
}

BOOST_AUTO_TEST_CASE(what_asking_throws_is_a_failure) {
  Dog dog(60);
  dog.dog.watch({"all_reduce", "numbers", 1}, []() -> bool { throw std::runtime_error("an illegal memory access"); });
  BOOST_TEST(dog.text() == "rank 1 on node7: all_reduce of \"numbers\" (call 1) failed: an illegal memory access");
}

BOOST_AUTO_TEST_CASE(after_a_failure_that_the_caller_saw_it_rests) {
  Dog dog(0.1);
  dog.dog.watch({"all_reduce", "numbers", 1}, [] { return false; });
  dog.dog.fail("the caller's text");
  BOOST_TEST(dog.text() == "");
  BOOST_CHECK_EXCEPTION(dog.dog.must_be_well({"barrier", "later", 2}), dl::Error, [](const dl::Error& error) {
    return std::string(error.what()).find("the caller's text") != std::string::npos;
  });
}
