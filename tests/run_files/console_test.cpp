#include "core/console.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "streams.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;

namespace {

struct Streams {
  TextStream out, err;
  Console::Settings settings(int rank, int world_size, bool prints) {
    return {.rank = rank, .world_size = world_size, .prints = prints, .out = out.file(), .err = err.file()};
  }
};

void say_all(Console& console) {
  console.info("an info");
  console.warn("a warning");
  console.error("an error\nof two lines");
  console.note("a note");
}

std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex(R"((^|\n)20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ )"), "$1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(console)

BOOST_AUTO_TEST_CASE(one_rank) {
  Streams streams;
  const TemporaryFolder run;
  Console console(streams.settings(0, 1, true));
  console.info("before the log");
  console.log_to(run / "log.txt");
  say_all(console);
  BOOST_TEST(streams.out.text() == "before the log\nan info\n");
  BOOST_TEST(streams.err.text() == "warning: a warning\nerror: an error\nof two lines\n");
  const auto log = read_text(run / "log.txt");
  BOOST_TEST(without_times(log) == "info: an info\nwarning: a warning\nerror: an error\nof two lines\ninfo: a note\n");
  BOOST_TEST(log.size() > without_times(log).size());
}

BOOST_AUTO_TEST_CASE(the_printing_rank_of_several) {
  Streams streams;
  Console console(streams.settings(0, 4, true));
  say_all(console);
  BOOST_TEST(streams.out.text() == "an info\n");
  BOOST_TEST(streams.err.text() == "warning: a warning\nerror: rank 0: an error\nof two lines\n");
}

BOOST_AUTO_TEST_CASE(another_rank) {
  Streams streams;
  const TemporaryFolder run;
  Console console(streams.settings(3, 4, false));
  console.log_to(run / "log.txt");
  say_all(console);
  console.show_progress("nothing");
  BOOST_TEST(streams.out.text() == "");
  BOOST_TEST(streams.err.text() == "error: rank 3: an error\nof two lines\n");
  BOOST_TEST(without_times(read_text(run / "log.txt")) ==
             "warning: rank 3: a warning\nerror: rank 3: an error\nof two lines\n");
}

BOOST_AUTO_TEST_CASE(text_is_taken_as_it_is) {
  Streams streams;
  Console console(streams.settings(0, 1, true));
  console.info("100% {} {0} %v %s\n\x1b");
  BOOST_TEST(streams.out.text() == "100% {} {0} %v %s\n\x1b\n");
}

BOOST_AUTO_TEST_CASE(the_log_is_appended_to) {
  Streams streams;
  const TemporaryFolder run;
  for (int i = 0; i < 2; ++i) {
    Console console(streams.settings(0, 1, true));
    console.log_to(run / "log.txt");
    console.info("line");
  }
  BOOST_TEST(without_times(read_text(run / "log.txt")) == "info: line\ninfo: line\n");
  Console console(streams.settings(0, 1, true));
  write_text(run / "file", "");
  check_error([&] { console.log_to(run / "file" / "log.txt"); }, {run / "file" / "log.txt"});
}

BOOST_AUTO_TEST_CASE(lines_of_threads_do_not_mix) {
  Streams streams;
  Console console(streams.settings(0, 1, true));
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'e'; ++letter)
    threads.emplace_back([&console, letter] {
      for (int i = 0; i < 200; ++i) console.info(std::string(50, letter));
    });
  for (auto& thread : threads) thread.join();
  std::istringstream text(streams.out.text());
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) BOOST_TEST(line == std::string(50, line.at(0)));
  BOOST_TEST(lines == 800);
}

BOOST_AUTO_TEST_CASE(progress_stays_below_the_lines_of_a_terminal) {
  ::setenv("TERM", "xterm", 1);
  ::setenv("COLUMNS", "20", 1);
  TerminalStream out, err;
  Console console({.out = out.file(), .err = err.file()});
  BOOST_TEST(console.shows_progress());
  BOOST_TEST(console.columns() == 20);
  console.show_progress("half way");
  BOOST_TEST(out.text() == "half way");
  console.info("line");
  BOOST_TEST(out.text() == "\r\x1b[Kline\nhalf way");
  console.warn("oh");
  BOOST_TEST(out.text() == "\r\x1b[Khalf way");
  BOOST_TEST(err.text().find("oh\n") != std::string::npos);
  console.show_progress("écharpe éééééééééééééééé");
  BOOST_TEST(out.text() == "\r\x1b[Kécharpe ééééééééééé");
  console.show_progress("");
  BOOST_TEST(out.text() == "\r\x1b[K");
  console.info("line");
  BOOST_TEST(out.text() == "line\n");
  ::unsetenv("COLUMNS");
}

BOOST_AUTO_TEST_CASE(a_terminal_of_the_launcher_alone_is_none) {
  ::setenv("TERM", "xterm", 1);
  TerminalStream out, err;
  Console console({.out = out.file(), .err = err.file(), .terminal = false});
  BOOST_TEST(!console.shows_progress());
  console.show_progress("half way");
  console.warn("oh");
  BOOST_TEST(out.text() == "");
  BOOST_TEST(err.text() == "warning: oh\n");
}

BOOST_AUTO_TEST_CASE(no_control_characters_outside_of_a_terminal) {
  Streams streams;
  Console console(streams.settings(0, 1, true));
  BOOST_TEST(!console.shows_progress());
  console.show_progress("half way");
  console.warn("oh");
  BOOST_TEST(streams.out.text() == "");
  BOOST_TEST(streams.err.text() == "warning: oh\n");
}

BOOST_AUTO_TEST_SUITE_END()
