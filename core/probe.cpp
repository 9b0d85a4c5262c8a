#include "core/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "core/exception_text.h"
#include "dl/error.h"

namespace dl::host {
namespace {

using Clock = std::chrono::steady_clock;
// A child that never stops writing costs no more than this.
constexpr size_t kMaxText = 16U << 20U;
// Closes the report of a child whose work returned: an exit() on the way doesn't send it.
constexpr char kDone = '\0';

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0)
      throw Error("no pipe for a child process: " + std::string(std::strerror(errno)));
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int in() const { return ends_[1]; }
  int out() const { return ends_[0]; }
  void close(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  /// Takes what is there, a pipe's capacity at most, so that a child that never stops can't hold us; closes at the end.
  void drain(std::string& text) {
    char buffer[4096];
    for (int chunk = 0; chunk < 256 && out() >= 0; ++chunk) {
      const auto got = ::read(out(), buffer, sizeof buffer);
      if (got > 0)
        text.append(buffer, text.size() < kMaxText ? static_cast<size_t>(got) : 0);
      else if (got == 0)
        close(0);
      else if (errno != EINTR)
        return;
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

/// The child's life. Leaves by _exit(): the parent's static objects and buffers are not its own.
[[noreturn]] void run_child(const std::function<void(const Send&)>& work, int report, int printed) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC); null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(printed, STDOUT_FILENO);
  ::dup2(printed, STDERR_FILENO);
  int code = 0;
  try {
    work([report](std::string_view text) { write_all(report, text); });
    write_all(report, {&kDone, 1});
  } catch (...) {
    write_all(STDERR_FILENO, exception_text() + "\n");
    code = 1;
  }
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code);
}

/// Waits for the child's end until `deadline`. A process that the child left behind may hold the pipes open: so look
/// at the child too, not only at them.
bool wait_for_child(pid_t child, Clock::time_point deadline, Pipe& report, Pipe& printed, ProbeResult& result,
                    int& status) {
  for (;;) {
    pollfd pipes[] = {{report.out(), POLLIN, 0}, {printed.out(), POLLIN, 0}};
    const bool open = report.out() >= 0 || printed.out() >= 0;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const auto pause = static_cast<int>(std::min<int64_t>(std::max<int64_t>(left, 0), open ? 20 : 1));
    ::poll(pipes, 2, pause);
    const auto waited = ::waitpid(child, &status, WNOHANG);
    const bool ended = waited == child || (waited < 0 && errno == ECHILD);  // ECHILD: someone ignores SIGCHLD
    report.drain(result.report);
    printed.drain(result.printed);
    if (ended) return true;
    if (left <= 0) return false;
  }
}

}  // namespace

std::string ProbeResult::text() const {
  switch (end) {
    case End::finished:
      return "finished";
    case End::exited:
      return "ended its process with exit code " + std::to_string(code);
    case End::signalled:
      return "ended with signal " + std::to_string(code) + " (" + ::strsignal(code) + ")";
    case End::timed_out:
      return "did not end within " + std::to_string(code) + " s";
  }
  return {};
}

ProbeResult probe(const std::function<void(const Send&)>& work, std::chrono::milliseconds limit) {
  Pipe report, printed;
  for (const int end : {report.out(), printed.out()}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  std::cout.flush();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw Error("no child process: " + std::string(std::strerror(errno)));
  if (child == 0) run_child(work, report.in(), printed.in());
  report.close(1);
  printed.close(1);
  ProbeResult result;
  int status = 0;
  if (!wait_for_child(child, Clock::now() + limit, report, printed, result, status)) {
    ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.end = ProbeResult::End::timed_out;
    result.code = static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    return result;
  }
  const bool done = !result.report.empty() && result.report.back() == kDone;
  if (done) result.report.pop_back();
  if (WIFSIGNALED(status)) {
    result.end = ProbeResult::End::signalled;
    result.code = WTERMSIG(status);
  } else if (!done || WEXITSTATUS(status) != 0) {
    result.end = ProbeResult::End::exited;
    result.code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace dl::host
