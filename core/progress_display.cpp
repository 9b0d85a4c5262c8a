#include "core/progress_display.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace dl::host {

namespace {

std::string clock_text(double seconds) {
  const auto total = static_cast<long long>(std::lround(seconds));
  char text[40];
  if (total >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60, total % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  return text;
}

std::string rate_text(double rate) {
  char text[40];
  std::snprintf(text, sizeof text, rate < 100 ? "%.1f" : "%.0f", rate);
  return text;
}

double seconds_between(ProgressDisplay::Clock::time_point from, ProgressDisplay::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string format_metric(double value) {
  char text[40];
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e5);
  std::snprintf(text, sizeof text, std::isfinite(value) && !plain ? "%.3e" : "%.4f", value);
  return text;
}

ProgressDisplay::ProgressDisplay(Console& console, Settings settings)
    : console_(console), settings_(std::move(settings)) {
  if (!settings_.now) settings_.now = [] { return Clock::now(); };
}

ProgressDisplay::ProgressDisplay(Console& console) : ProgressDisplay(console, Settings{}) {}

void ProgressDisplay::begin(Stage stage) {
  end();
  stage_ = std::move(stage);
  active_ = true;
  batches_ = samples_ = 0;
  start_ = last_ = settings_.now();
  next_bar_ = console_.shows_progress() ? start_ : Clock::time_point::max();
  next_line_ = start_ + settings_.line;
}

void ProgressDisplay::advance(int64_t batches_done, int64_t samples_done) {
  batches_ = batches_done;
  samples_ = samples_done;
  last_ = settings_.now();
  if (last_ >= next_bar_ || last_ >= next_line_) show(last_);
}

void ProgressDisplay::end() {
  if (active_) console_.show_progress("");
  active_ = false;
}

double ProgressDisplay::seconds() const { return seconds_between(start_, last_); }

double ProgressDisplay::samples_per_second() const {
  return seconds() > 0 ? static_cast<double>(samples_) / seconds() : 0;
}

void ProgressDisplay::report(const std::string& title, std::span<const std::pair<std::string, double>> metrics,
                             double seconds, double samples_per_second) {
  std::string text = title;
  for (const auto& [name, value] : metrics) text += "  " + name + " " + format_metric(value);
  char time[40];
  std::snprintf(time, sizeof time, "  %.1f s", seconds);
  text += time;
  if (samples_per_second > 0) text += "  " + rate_text(samples_per_second) + " " + settings_.unit + "/s";
  console_.info(text);
}

void ProgressDisplay::show(Clock::time_point now) {
  const double loss = stage_.loss ? stage_.loss() : std::numeric_limits<double>::quiet_NaN();
  const bool bar = now >= next_bar_;
  const bool line_due = now >= next_line_;
  if (bar) {
    console_.show_progress(line(loss, true));
    next_bar_ = now + settings_.redraw;
  }
  if (line_due) {
    if (console_.shows_progress())
      console_.note(line(loss, false));
    else
      console_.info(line(loss, false));
    next_line_ = now + settings_.line;
  }
}

std::string ProgressDisplay::line(double loss, bool with_bar) const {
  std::string rest;
  if (stage_.loss) rest += "  " + stage_.loss_name + " " + format_metric(loss);
  if (samples_per_second() > 0) rest += "  " + rate_text(samples_per_second()) + " " + settings_.unit + "/s";
  if (stage_.batches <= 0) return stage_.title + "  batch " + std::to_string(batches_) + rest;

  if (batches_ > 0)
    rest += "  ETA " + clock_text(seconds() / static_cast<double>(batches_) *
                                  static_cast<double>(std::max<int64_t>(0, stage_.batches - batches_)));
  const auto count = std::to_string(batches_) + "/" + std::to_string(stage_.batches);
  if (!with_bar) return stage_.title + "  batch " + count + rest;

  // The bar takes the room that the figures leave; with little room the figures go without it.
  const auto used = static_cast<int>(stage_.title.size() + count.size() + rest.size()) + 5;
  const int room = std::min(30, console_.columns() - used);
  if (room < 5) return stage_.title + "  " + count + rest;
  const auto part = std::clamp(static_cast<double>(batches_) / static_cast<double>(stage_.batches), 0.0, 1.0);
  const auto full = static_cast<std::size_t>(part * room);
  return stage_.title + " [" + std::string(full, '=') + std::string(static_cast<std::size_t>(room) - full, ' ') + "] " +
         count + rest;
}

}  // namespace dl::host
