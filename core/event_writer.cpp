#include "core/event_writer.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

namespace dl::host {

namespace {

constexpr std::size_t kMaxQueue = 100'000;
constexpr std::size_t kMaxBatch = 1000;
constexpr auto kRetry = std::chrono::seconds(1);

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

EventWriter::EventWriter(const RunInfo& run, Journal journal, std::vector<NamedLogger> loggers, Console& console,
                         LoggerFeed::Limits limits)
    : journal_(std::move(journal)), console_(console), feed_(run, std::move(loggers), console, limits) {
  if (!journal_.repaired().empty()) console_.warn(journal_.repaired());
  thread_ = std::thread([this] { run_journal(); });
}

EventWriter::~EventWriter() { close("interrupted"); }

void EventWriter::post(Event event) {
  if (event.time_ms == 0) event.time_ms = now_ms();
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  last_step_ = event.step;
  last_epoch_ = event.epoch;
  queue_.push_back(std::move(event));
  if (queue_.size() > kMaxQueue) {
    queue_.pop_front();
    ++dropped_;
  }
  wake_.notify_one();
}

void EventWriter::close(const std::string& status) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    Event event;
    event.type = Event::Type::status;
    event.time_ms = now_ms();
    event.step = last_step_;
    event.epoch = last_epoch_;
    event.name = status;
    queue_.push_back(std::move(event));
    closing_ = true;
    wake_.notify_one();
  }
  thread_.join();
  feed_.finish(status);
}

void EventWriter::run_journal() {
  bool reported = false;
  for (;;) {
    auto [events, last] = next_batch();
    if (events.empty()) break;
    const std::string problem = append(events);
    if (problem.empty()) {
      feed_.offer(std::move(events));
      if (std::exchange(reported, false)) console_.info("the journal can be written again");
      continue;
    }
    if (!std::exchange(reported, true)) console_.error("the journal can't be written, the run goes on: " + problem);
    const std::size_t waiting = put_back(std::move(events), last);
    if (!last) continue;
    console_.error("the last " + std::to_string(waiting) + " events are not in the journal: " + problem);
    return;
  }
  if (dropped_ > 0) console_.error(std::to_string(dropped_) + " events are not in the journal");
  try {
    journal_.sync();
  } catch (const std::exception& e) {
    console_.error(e.what());
  }
}

std::pair<std::vector<Event>, bool> EventWriter::next_batch() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return !queue_.empty() || closing_; });
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kMaxBatch));
  std::vector<Event> events(std::move_iterator(queue_.begin()), std::move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return {std::move(events), closing_};
}

std::string EventWriter::append(std::span<Event> events) {
  try {
    journal_.append(events);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

std::size_t EventWriter::put_back(std::vector<Event> events, bool last) {
  std::unique_lock lock(mutex_);
  queue_.insert(queue_.begin(), std::move_iterator(events.begin()), std::move_iterator(events.end()));
  if (!last) wake_.wait_for(lock, kRetry, [&] { return closing_; });
  return queue_.size();
}

}  // namespace dl::host
