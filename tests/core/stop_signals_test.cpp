#include "core/stop_signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

using namespace dl::host;

namespace {

/// How a child process ends that gets `signals` while it holds a StopSignals.
int status_after(const std::vector<int>& signals) {
  const pid_t child = fork();
  if (child == 0) {
    const StopSignals stop;
    for (const int signal : signals) raise(signal);
    _exit(StopSignals::received());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stop_signals)

BOOST_AUTO_TEST_CASE(the_first_is_noted) {
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
    const int status = status_after({signal});
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == signal);
  }
  BOOST_TEST(WEXITSTATUS(status_after({SIGUSR1, SIGUSR1})) == SIGUSR1);
  BOOST_TEST(WEXITSTATUS(status_after({})) == 0);
  BOOST_TEST(StopSignals::name(SIGTERM) == "SIGTERM");
}

BOOST_AUTO_TEST_CASE(a_second_ends_the_process) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const int status = status_after({SIGUSR1, signal});
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == signal);
  }
}

BOOST_AUTO_TEST_SUITE_END()
