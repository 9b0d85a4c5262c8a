#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dl/logger.h"

/// A door that threads wait at until a test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  /// Until a thread stands at the door.
  void wait_for_visitor() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

/// Keeps what it is given. `on_write` may block, throw, or return what is acknowledged (-1: all).
class KeepingLogger : public dl::Logger {
 public:
  std::function<void()> on_open = [] {};
  std::function<int64_t(std::span<const dl::Event>)> on_write = [](auto) { return -1; };

  void open(const dl::RunInfo& info) override {
    note_thread();
    on_open();
    run = info;
    ++opened;
  }
  int64_t write(std::span<const dl::Event> batch) override {
    note_thread();
    ++writes;
    const int64_t acknowledged = on_write(batch);
    for (const auto& event : batch)
      if (acknowledged < 0 || event.offset <= acknowledged) events.push_back(event);
    return acknowledged < 0 ? batch.back().offset : acknowledged;
  }
  void close(const std::string& status) override {
    note_thread();
    closed_with = status;
  }

  dl::RunInfo run;
  int opened = 0, writes = 0;
  std::vector<dl::Event> events;
  std::string closed_with;
  std::set<std::thread::id> threads;

 private:
  void note_thread() { threads.insert(std::this_thread::get_id()); }
};
