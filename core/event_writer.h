#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/console.h"
#include "core/journal.h"
#include "core/logger_feed.h"
#include "dl/logger.h"

namespace dl::host {

/// Takes the run's events from the training thread: into the journal first, then to the loggers, each from a thread of
/// its own, so that neither training nor the journal waits for a slow logger. Rank 0 only.
class EventWriter {
 public:
  /// `console` must outlive this object. Opening a logger happens in its thread: an Error of it comes on the console.
  EventWriter(const RunInfo& run, Journal journal, std::vector<NamedLogger> loggers, Console& console,
              LoggerFeed::Limits limits = {});
  /// As close("interrupted"), if it was not closed.
  ~EventWriter();

  /// Queues an event; no I/O, a lock held for nanoseconds. `time_ms` 0 is set to now. Any thread. Tensors must not be
  /// written to any more. While the disk is full the newest 100,000 are kept and tried again.
  void post(Event event);
  /// Adds a status event, writes out everything, closes the loggers (30 s at most) and ends the threads. Later events
  /// are not taken. `status`: "finished", "failed", "interrupted". A second call does nothing.
  void close(const std::string& status);

 private:
  void run_journal();
  /// Waits for events; an empty batch means that all is done. With it: whether the run is closing.
  std::pair<std::vector<Event>, bool> next_batch();
  /// What went wrong, or "".
  std::string append(std::span<Event> events);
  /// To the front of the queue; returns its length after a pause, unless this was the last try.
  std::size_t put_back(std::vector<Event> events, bool last);

  Journal journal_;
  Console& console_;
  LoggerFeed feed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Event> queue_;
  int64_t dropped_ = 0;  ///< while the journal could not be written
  int64_t last_step_ = 0;
  int64_t last_epoch_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace dl::host
