#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "core/console.h"

namespace dl::host {

/// Shows how far the work is: a bar on a terminal, a line every few seconds in a log file or pipe. Training thread
/// only.
///
///   progress.begin({.title = "epoch 3/5", .batches = 938, .loss = [&] { return last_loss.item<double>(); }});
///   … progress.advance(batches_done, samples_done) …
///   progress.end();
///   progress.report("epoch 3/5", {{"train_loss", .2812}, {"val_loss", .301}}, progress.seconds(), …);
class ProgressDisplay {
 public:
  using Clock = std::chrono::steady_clock;

  struct Settings {
    std::chrono::milliseconds redraw{100};   ///< between drawings of the bar
    std::chrono::milliseconds line{10'000};  ///< between lines where there is no bar, and in log.txt
    std::string unit = "samples";            ///< of the rate: "samples", "tokens"
    std::function<Clock::time_point()> now;  ///< for tests; default Clock::now
  };

  /// A pass over batches, from begin() to end().
  struct Stage {
    std::string title;    ///< "epoch 3/5", "epoch 3/5 validation", "test"
    int64_t batches = 0;  ///< to come; 0: not known, no bar and no ETA
    std::string loss_name = "loss";
    std::function<double()> loss;  ///< asked only when something is shown; may wait for a device. No collectives in it
  };

  ProgressDisplay(Console& console, Settings settings);
  explicit ProgressDisplay(Console& console);

  void begin(Stage stage);
  /// Totals of this stage so far. Costs a look at the clock unless something is due.
  void advance(int64_t batches_done, int64_t samples_done);
  /// Takes the bar away.
  void end();

  /// Of the stage that runs, or ran last: from begin() to the last advance().
  double seconds() const;
  double samples_per_second() const;

  /// The line that stays: "epoch 3/5  train_loss 0.2812  val_loss 0.3010  14.2 s  8450 samples/s". Rate 0 is left out.
  void report(const std::string& title, std::span<const std::pair<std::string, double>> metrics, double seconds,
              double samples_per_second);

 private:
  void show(Clock::time_point now);
  std::string line(double loss, bool with_bar) const;

  Console& console_;
  Settings settings_;
  Stage stage_;
  bool active_ = false;
  int64_t batches_ = 0;
  int64_t samples_ = 0;
  Clock::time_point start_{};
  Clock::time_point last_{};  ///< of the last advance()
  Clock::time_point next_bar_{};
  Clock::time_point next_line_{};
};

/// 0.2812, 1.250e-05, 123456 or nan: four digits that tell something, for people.
std::string format_metric(double value);

}  // namespace dl::host
