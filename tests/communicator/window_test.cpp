// The window without MPI: a child process is the second rank.
#include "plugins/mpi/window.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <functional>

#include "dl/error.h"
#include "support/time_limit.h"

namespace {

constexpr int64_t kBoxBytes = 4096;

std::unique_ptr<mpi::Window> join(std::shared_ptr<mpi::SharedFile> file, int local, double timeout_s) {
  const int64_t bytes = mpi::Window::bytes_for(2, kBoxBytes);
  if (!file->open() || !file->reserve(0, bytes) || !file->sign_in(local)) throw dl::Error(file->problem());
  char* memory = file->map(0, bytes);
  return std::make_unique<mpi::Window>(file, memory, kBoxBytes,
                                       mpi::WindowMembers{local, {"rank 0 on here", "rank 1 on here"}, timeout_s});
}

// What the first rank's second meeting throws, and how long it took, where the second rank does `end` instead.
struct Meeting {
  Meeting(double timeout_s, const std::function<void()>& end) {
    const auto name = mpi::SharedFile::fresh_name();
    const auto file = std::make_shared<mpi::SharedFile>(name, true);
    const auto window = join(file, 0, timeout_s);
    const pid_t child = fork();
    if (child == 0) {
      const auto other = join(std::make_shared<mpi::SharedFile>(name, false), 1, timeout_s);
      other->announce({"barrier", "first", 1}, 0);
      other->meet();
      end();
      _exit(0);
    }
    window->announce({"barrier", "first", 1}, 0);
    window->meet();
    window->announce({"barrier", "second", 2}, 0);
    const auto begin = std::chrono::steady_clock::now();
    try {
      window->meet();
    } catch (const dl::Error& error) {
      text = error.what();
    }
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  bool says(const std::string& words) const { return text.find(words) != text.npos; }

  std::string text;
  double seconds = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_rank_that_ended_is_named) {
  const Meeting meeting(600, [] {});
  BOOST_TEST(
      meeting.says("rank 0 on here: barrier of \"second\" (call 2) can't be completed: rank 1 on here has ended, "
                   "its last call: barrier of \"first\" (call 1)"),
      meeting.text);
  BOOST_TEST(meeting.seconds < dl::test::time_limit(60));
}

BOOST_AUTO_TEST_CASE(a_rank_that_was_killed_is_named) {
  const Meeting meeting(60, [] { std::raise(SIGKILL); });
  BOOST_TEST(meeting.says("rank 1 on here has ended"), meeting.text);
}

BOOST_AUTO_TEST_CASE(a_rank_that_is_stopped_is_named) {
  const Meeting meeting(0.5, [] { std::raise(SIGSTOP); });
  BOOST_TEST(meeting.says("in vain: rank 1 on here has not come, its last call: barrier of \"first\" (call 1)"),
             meeting.text);
  BOOST_TEST(meeting.says("is stopped"), meeting.text);
  BOOST_TEST(meeting.seconds >= 0.5);
}
