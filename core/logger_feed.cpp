#include "core/logger_feed.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace dl::host {

namespace {

using Clock = std::chrono::steady_clock;

/// Between offers at the end of a run, when time is short.
constexpr std::chrono::milliseconds kClosingRetry{50};

int64_t bytes_of(const Event& event) {
  return event.tensor.defined() ? static_cast<int64_t>(event.tensor.nbytes()) : 0;
}

/// A logger, the events it has not acknowledged, and whether it still takes part.
struct Feed {
  NamedLogger named;
  std::deque<Event> pending;
  int64_t pending_bytes = 0;
  int64_t dropped = 0;
  Clock::time_point next_try{};
  bool alive = true;
};

}  // namespace

struct LoggerFeed::State {
  RunInfo run;
  Limits limits;
  std::vector<Feed> feeds;  ///< touched by the thread only, but for the names

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Event> arrived;
  std::optional<std::string> final_status;
  Clock::time_point deadline = Clock::time_point::max();
  std::string busy;            ///< the logger that is being called
  bool done = false;           ///< the thread has ended
  Console* console = nullptr;  ///< null once the owner went on without us

  void warn(const std::string& text) {
    const std::lock_guard lock(mutex);
    if (console) console->warn(text);
  }

  /// Calls into a plugin; what it throws is reported, and the logger left out from then on.
  template <class Call>
  void guarded(Feed& feed, const char* action, Call&& call) {
    {
      const std::lock_guard lock(mutex);
      busy = feed.named.name;
    }
    std::string problem;
    try {
      call();
    } catch (const std::exception& e) {
      problem = e.what();
    } catch (...) {
      problem = "an exception of no known type";
    }
    {
      const std::lock_guard lock(mutex);
      busy.clear();
    }
    if (problem.empty()) return;
    feed.alive = false;
    feed.pending.clear();
    warn("the logger " + feed.named.name + " failed to " + action + " and is left out from now on; the journal " +
         "metrics.jsonl has everything: " + problem);
  }

  void take(Feed& feed, const std::vector<Event>& events) {
    if (!feed.alive) return;
    for (const Event& event : events) {
      feed.pending.push_back(event);
      feed.pending_bytes += bytes_of(event);
    }
    const int64_t before = feed.dropped;
    while (feed.pending.size() > limits.pending_events || feed.pending_bytes > limits.pending_bytes) {
      feed.pending_bytes -= bytes_of(feed.pending.front());
      feed.pending.pop_front();
      ++feed.dropped;
    }
    if (before == 0 && feed.dropped > 0)
      warn("the logger " + feed.named.name +
           " is too slow or has no connection; it misses the oldest events from now " +
           "on, which the journal metrics.jsonl has");
  }

  bool closing() {
    const std::lock_guard lock(mutex);
    return final_status.has_value();
  }
  bool late() {
    const std::lock_guard lock(mutex);
    return Clock::now() > deadline;
  }

  /// Offers what is pending, batch by batch, until the logger acknowledges nothing or the time is over.
  void offer(Feed& feed) {
    if (Clock::now() < feed.next_try && !closing()) return;
    while (feed.alive && !feed.pending.empty() && !late()) {
      const auto count = static_cast<std::ptrdiff_t>(std::min(limits.batch, feed.pending.size()));
      const std::vector<Event> batch(feed.pending.begin(), feed.pending.begin() + count);
      int64_t acknowledged = 0;
      guarded(feed, "take events", [&] { acknowledged = feed.named.logger->write(batch); });
      if (!feed.alive) return;
      if (acknowledged < batch.front().offset) {
        feed.next_try = Clock::now() + limits.retry;
        return;
      }
      while (!feed.pending.empty() && feed.pending.front().offset <= acknowledged) {
        feed.pending_bytes -= bytes_of(feed.pending.front());
        feed.pending.pop_front();
      }
    }
  }

  /// Waits for events, for the end, or for the time to offer again.
  std::vector<Event> next_events() {
    std::unique_lock lock(mutex);
    if (final_status)
      wake.wait_for(lock, std::min(limits.retry, kClosingRetry), [&] { return !arrived.empty() || all_handed_on(); });
    else if (all_handed_on())
      wake.wait(lock, [&] { return !arrived.empty() || final_status; });
    else
      wake.wait_for(lock, limits.retry, [&] { return !arrived.empty() || final_status; });
    std::vector<Event> events(std::move_iterator(arrived.begin()), std::move_iterator(arrived.end()));
    arrived.clear();
    return events;
  }
  bool nothing_arrived() {
    const std::lock_guard lock(mutex);
    return arrived.empty();
  }

  void close(Feed& feed) {
    if (!feed.alive) return;
    if (!feed.pending.empty())
      warn("the logger " + feed.named.name + " did not take the last " + std::to_string(feed.pending.size()) +
           " events; the journal metrics.jsonl has them");
    guarded(feed, "close", [&] { feed.named.logger->close(*final_status); });
  }

  bool all_handed_on() const {
    return std::all_of(feeds.begin(), feeds.end(),
                       [](const Feed& feed) { return !feed.alive || feed.pending.empty(); });
  }
};

LoggerFeed::LoggerFeed(RunInfo run, std::vector<NamedLogger> loggers, Console& console, Limits limits)
    : state_(std::make_shared<State>()) {
  state_->run = std::move(run);
  state_->limits = limits;
  state_->console = &console;
  for (auto& logger : loggers) state_->feeds.emplace_back().named = std::move(logger);
  thread_ = std::thread([state = state_] { LoggerFeed::run(state); });
}

LoggerFeed::~LoggerFeed() { finish("interrupted"); }

void LoggerFeed::offer(std::vector<Event> events) {
  const std::lock_guard lock(state_->mutex);
  std::move(events.begin(), events.end(), std::back_inserter(state_->arrived));
  state_->wake.notify_all();
}

void LoggerFeed::run(const std::shared_ptr<State>& state) {
  for (auto& feed : state->feeds) state->guarded(feed, "open", [&] { feed.named.logger->open(state->run); });
  for (;;) {
    const auto events = state->next_events();
    for (auto& feed : state->feeds) {
      state->take(feed, events);
      state->offer(feed);
    }
    if (state->closing() && state->nothing_arrived() && (state->all_handed_on() || state->late())) break;
  }
  for (auto& feed : state->feeds) state->close(feed);
  const std::lock_guard lock(state->mutex);
  state->done = true;
  state->wake.notify_all();
}

void LoggerFeed::finish(const std::string& status) {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  state_->final_status = status;
  state_->deadline = Clock::now() + state_->limits.close;
  state_->wake.notify_all();
  // Closing a logger is given a little time of its own, after the events have had theirs.
  const auto end = state_->deadline + std::max(state_->limits.close / 10, std::chrono::milliseconds(100));
  if (state_->wake.wait_until(lock, end, [&] { return state_->done; })) {
    lock.unlock();
    thread_.join();
    return;
  }
  state_->console->warn("the logger " + state_->busy + " was still busy after " +
                        std::to_string(state_->limits.close.count() / 1000) + " s and is left behind; the journal " +
                        "metrics.jsonl has everything");
  state_->console = nullptr;
  thread_.detach();
}

}  // namespace dl::host
