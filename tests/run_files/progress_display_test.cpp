#include "core/progress_display.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "streams.h"
#include "support/temporary_folder.h"

using namespace dl::host;
using namespace std::chrono_literals;

namespace {

/// A display with a clock that the test turns.
template <class Stream>
struct Bench {
  Stream out, err;
  Console console{{.out = out.file(), .err = err.file()}};
  ProgressDisplay::Clock::time_point now = ProgressDisplay::Clock::time_point(1h);
  int asked = 0;
  ProgressDisplay display{console, {.now = [this] { return now; }}};

  ProgressDisplay::Stage stage(int64_t batches) {
    return {.title = "epoch 3/5", .batches = batches, .loss_name = "train_loss", .loss = [this] {
              ++asked;
              return 0.28116;
            }};
  }
};

std::size_t count(const std::string& text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(progress_display)

BOOST_AUTO_TEST_CASE(in_a_pipe_one_line_every_ten_seconds) {
  Bench<TextStream> bench;
  bench.display.begin(bench.stage(1000));
  for (int batch = 1; batch <= 250; ++batch) {
    bench.now += 100ms;
    bench.display.advance(batch, batch * 64);
  }
  bench.display.end();
  BOOST_TEST(bench.out.text() ==
             "epoch 3/5  batch 100/1000  train_loss 0.2812  640 samples/s  ETA 1:30\n"
             "epoch 3/5  batch 200/1000  train_loss 0.2812  640 samples/s  ETA 1:20\n");
  BOOST_TEST(bench.asked == 2);
  BOOST_TEST(bench.display.seconds() == 25.0);
  BOOST_TEST(bench.display.samples_per_second() == 640.0);
}

BOOST_AUTO_TEST_CASE(a_short_stage_says_nothing_in_a_pipe) {
  Bench<TextStream> bench;
  bench.display.begin(bench.stage(10));
  for (int batch = 1; batch <= 10; ++batch) {
    bench.now += 10ms;
    bench.display.advance(batch, batch);
  }
  bench.display.end();
  BOOST_TEST(bench.out.text() == "");
  BOOST_TEST(bench.asked == 0);
}

BOOST_AUTO_TEST_CASE(on_a_terminal_a_bar_ten_times_a_second) {
  ::setenv("TERM", "xterm", 1);
  ::setenv("COLUMNS", "100", 1);
  const TemporaryFolder run;
  Bench<TerminalStream> bench;
  bench.console.log_to(run / "log.txt");
  bench.display.begin(bench.stage(1000));
  for (int batch = 1; batch <= 500; ++batch) {
    bench.now += 1ms;
    bench.display.advance(batch, batch * 64);
  }
  BOOST_TEST(bench.asked == 5);
  const auto bars = bench.out.text();
  BOOST_TEST(count(bars, '\r') == 4);
  BOOST_TEST(count(bars, '\n') == 0);
  bench.now += 99s;
  bench.display.advance(500, 500 * 64);
  BOOST_TEST(bench.out.text() ==
             "\r\x1b[Kepoch 3/5 [===============               ] 500/1000  train_loss 0.2812  322 samples/s  ETA 1:40");
  bench.display.end();
  BOOST_TEST(bench.out.text() == "\r\x1b[K");
  // log.txt gets what a pipe would.
  BOOST_TEST(read_text(run / "log.txt")
                 .find("info: epoch 3/5  batch 500/1000  train_loss 0.2812  322 samples/s  ETA 1:40\n") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_bar_fits_the_terminal) {
  ::setenv("TERM", "xterm", 1);
  for (int columns = 10; columns <= 140; ++columns) {
    ::setenv("COLUMNS", std::to_string(columns).c_str(), 1);
    Bench<TerminalStream> bench;
    bench.display.begin(bench.stage(1000));
    bench.now += 1s;
    bench.display.advance(1000, 64'000);
    const auto line = bench.out.text();
    BOOST_TEST(line.size() < static_cast<std::size_t>(columns), line);
    BOOST_TEST(line.substr(0, 7) == "epoch 3");
    BOOST_TEST((line.find("[==") != std::string::npos) == (columns >= 74), columns << ": " << line);
  }
  ::unsetenv("COLUMNS");
}

BOOST_AUTO_TEST_CASE(without_a_total_no_bar_and_no_eta) {
  Bench<TextStream> bench;
  bench.display.begin({.title = "test"});
  bench.now += 10s;
  bench.display.advance(7, 0);
  BOOST_TEST(bench.out.text() == "test  batch 7\n");
}

BOOST_AUTO_TEST_CASE(the_report_of_an_epoch) {
  Bench<TextStream> bench;
  const std::vector<std::pair<std::string, double>> metrics = {
      {"train_loss", 0.28116}, {"val_loss", 0.301}, {"val_accuracy", 0.8911}};
  bench.display.report("epoch 3/5", metrics, 14.21, 8450.4);
  bench.display.report("epoch 4/5", {}, 0.04, 0);
  BOOST_TEST(bench.out.text() ==
             "epoch 3/5  train_loss 0.2812  val_loss 0.3010  val_accuracy 0.8911  14.2 s  8450 samples/s\n"
             "epoch 4/5  0.0 s\n");
}

BOOST_AUTO_TEST_CASE(numbers_keep_four_digits_that_tell) {
  BOOST_TEST(format_metric(0) == "0.0000");
  BOOST_TEST(format_metric(0.0123456) == "0.0123");
  BOOST_TEST(format_metric(0.000123456) == "1.235e-04");
  BOOST_TEST(format_metric(-3.5) == "-3.5000");
  BOOST_TEST(format_metric(1234567.8) == "1.235e+06");
  BOOST_TEST(format_metric(std::nan("")) == "nan");
  BOOST_TEST(format_metric(-std::numeric_limits<double>::infinity()) == "-inf");
}

BOOST_AUTO_TEST_CASE(a_step_costs_next_to_nothing) {
  TextStream out, err;
  Console console({.out = out.file(), .err = err.file()});
  ProgressDisplay display(console);
  display.begin({.title = "epoch 1/1", .batches = 1'000'000, .loss = [] { return 0.0; }});
  const auto start = std::chrono::steady_clock::now();
  for (int batch = 1; batch <= 1'000'000; ++batch) display.advance(batch, batch);
  const auto nanoseconds = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start) / 1e6;
  BOOST_TEST_MESSAGE("a step costs " << nanoseconds.count() << " ns");
  // Some 30 ns; ten times as much on a busy machine is still nothing beside a step.
  BOOST_TEST(nanoseconds.count() < 2000);
}

BOOST_AUTO_TEST_SUITE_END()
