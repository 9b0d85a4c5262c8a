#include "core/event_writer.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "core/journal_reader.h"
#include "small_disk.h"
#include "streams.h"
#include "support/temporary_folder.h"
#include "test_loggers.h"

using namespace dl;
using namespace dl::host;
using namespace std::chrono_literals;

namespace {

struct Bench {
  TemporaryFolder folder;
  TextStream out, err;
  Console console{{.out = out.file(), .err = err.file()}};
  std::shared_ptr<KeepingLogger> first = std::make_shared<KeepingLogger>(), second = std::make_shared<KeepingLogger>();
  LoggerFeed::Limits limits{.retry = 10ms};
  std::unique_ptr<EventWriter> writer;

  void start() {
    const RunInfo run{.run_dir = folder.path().string(), .experiment = "experiment"};
    const std::vector<NamedLogger> loggers = {{"lib.First", first}, {"lib.Second", second}};
    writer = std::make_unique<EventWriter>(run, Journal(folder.path()), loggers, console, limits);
  }
  void post(int64_t from, int64_t to) {
    for (int64_t step = from; step <= to; ++step)
      writer->post({.step = step, .epoch = 1, .metrics = {{"loss", static_cast<double>(step)}}});
  }
  std::vector<Event> journal() {
    JournalReader reader(folder.path());
    std::vector<Event> events;
    while (auto event = reader.next()) events.push_back(std::move(*event));
    BOOST_TEST(reader.problems().empty());
    return events;
  }
  /// Until the journal has that many lines; a time-out fails the test.
  void wait_for_journal(std::size_t lines) {
    for (int i = 0; i < 2000 && journal().size() < lines; ++i) std::this_thread::sleep_for(10ms);
    BOOST_TEST_REQUIRE(journal().size() >= lines);
  }
};

/// Steps 1 to `count` in order, then the status, each with the offset that the journal has for it.
void check_all(const std::vector<Event>& got, const std::vector<Event>& journal, int64_t count,
               const std::string& status) {
  BOOST_TEST_REQUIRE(got.size() == static_cast<std::size_t>(count) + 1);
  BOOST_TEST_REQUIRE(journal.size() == got.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool last = i + 1 == got.size();
    BOOST_TEST_REQUIRE(got[i].step == std::min<int64_t>(static_cast<int64_t>(i) + 1, count));
    BOOST_TEST_REQUIRE((got[i].type == (last ? Event::Type::status : Event::Type::metrics)));
    BOOST_TEST_REQUIRE(got[i].offset == journal[i].offset);
    BOOST_TEST_REQUIRE(got[i].time_ms == journal[i].time_ms);
  }
  BOOST_TEST(got.back().name == status);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_writer)

BOOST_AUTO_TEST_CASE(everything_arrives_in_order) {
  Bench bench;
  bench.start();
  bench.post(1, 5000);
  bench.writer->close("finished");
  bench.writer->close("failed");
  bench.post(5001, 5002);
  const auto journal = bench.journal();
  for (const auto& logger : {bench.first, bench.second}) {
    check_all(logger->events, journal, 5000, "finished");
    BOOST_TEST(logger->opened == 1);
    BOOST_TEST(logger->run.experiment == "experiment");
    BOOST_TEST(logger->closed_with == "finished");
    BOOST_TEST(logger->threads.size() == 1);
    BOOST_TEST(logger->threads.count(std::this_thread::get_id()) == 0);
    BOOST_TEST(logger->writes < 5000);
  }
  BOOST_TEST(journal.front().time_ms > 1'600'000'000'000);
  BOOST_TEST(bench.err.text() == "");
}

BOOST_AUTO_TEST_CASE(no_one_waits_for_a_slow_logger) {
  Bench bench;
  Gate gate;
  bench.first->on_write = [&](auto) {
    gate.wait();
    return -1;
  };
  bench.start();
  bench.post(1, 1);
  gate.wait_for_visitor();
  // The logger stands still from here on. That these posts return, and the journal gets them, is the test.
  const auto start = std::chrono::steady_clock::now();
  bench.post(2, 10'000);
  const std::chrono::duration<double, std::micro> posting = std::chrono::steady_clock::now() - start;
  BOOST_TEST_MESSAGE("a post took " << posting.count() / 10'000 << " us");
  bench.wait_for_journal(10'000);
  gate.open();
  bench.writer->close("finished");
  check_all(bench.first->events, bench.journal(), 10'000, "finished");
  check_all(bench.second->events, bench.journal(), 10'000, "finished");
}

BOOST_AUTO_TEST_CASE(a_throwing_logger_is_reported_once_and_left_out) {
  Bench bench;
  bench.first->on_write = [](auto) -> int64_t { throw Error("the server said no"); };
  bench.start();
  bench.post(1, 10);
  bench.wait_for_journal(10);
  bench.post(11, 20);
  bench.writer->close("finished");
  BOOST_TEST(bench.first->writes == 1);
  BOOST_TEST(bench.first->closed_with == "");
  BOOST_TEST(count(bench.err.text(), "the server said no") == 1);
  BOOST_TEST(count(bench.err.text(), "lib.First") == 1);
  check_all(bench.second->events, bench.journal(), 20, "finished");
}

BOOST_AUTO_TEST_CASE(a_logger_that_can_not_open_is_left_out) {
  Bench bench;
  bench.first->on_open = [] { throw 7; };
  bench.start();
  bench.post(1, 3);
  bench.writer->close("finished");
  BOOST_TEST(bench.first->writes == 0);
  BOOST_TEST(count(bench.err.text(), "lib.First failed to open") == 1);
  check_all(bench.second->events, bench.journal(), 3, "finished");
}

BOOST_AUTO_TEST_CASE(what_is_not_acknowledged_is_offered_again) {
  Bench bench;
  int calls = 0;
  bench.first->on_write = [&](std::span<const Event> batch) -> int64_t {
    ++calls;
    if (calls < 4) return 0;                                      // nothing
    if (calls < 10) return batch[(batch.size() - 1) / 2].offset;  // half of it
    return -1;
  };
  bench.start();
  bench.post(1, 500);
  bench.writer->close("finished");
  BOOST_TEST(calls >= 10);
  check_all(bench.first->events, bench.journal(), 500, "finished");
  BOOST_TEST(bench.err.text() == "");
}

BOOST_AUTO_TEST_CASE(a_logger_that_never_acknowledges_costs_no_more_than_its_bound) {
  Bench bench;
  bench.limits.pending_events = 50;
  bench.limits.close = 100ms;
  std::size_t largest = 0;
  bench.first->on_write = [&](std::span<const Event> batch) -> int64_t {
    largest = std::max(largest, batch.size());
    return 0;
  };
  bench.start();
  bench.post(1, 500);
  bench.wait_for_journal(500);
  bench.writer->close("finished");
  BOOST_TEST(largest <= 50);
  BOOST_TEST(count(bench.err.text(), "lib.First is too slow") == 1);
  BOOST_TEST(count(bench.err.text(), "lib.First did not take the last 50 events") == 1);
  BOOST_TEST(bench.first->closed_with == "finished");
  BOOST_TEST(bench.second->closed_with == "finished");
}

BOOST_AUTO_TEST_CASE(closing_has_a_deadline) {
  Gate gate;
  {
    Bench bench;
    bench.limits.close = 200ms;
    bench.first->on_write = [&](auto) {
      gate.wait();
      return -1;
    };
    bench.start();
    bench.post(1, 1);
    gate.wait_for_visitor();
    const auto start = std::chrono::steady_clock::now();
    bench.writer->close("finished");
    const auto took = std::chrono::steady_clock::now() - start;
    BOOST_TEST((took >= 200ms));
    BOOST_TEST((took < 5s));
    BOOST_TEST(count(bench.err.text(), "lib.First was still busy") == 1);
    BOOST_TEST(bench.journal().size() == 2);
    bench.writer.reset();
    // Its thread goes on with what it shares with no one, even after all this is gone.
    const auto logger = bench.first;
    gate.open();
    while (logger.use_count() > 2) std::this_thread::sleep_for(1ms);
  }
}

BOOST_AUTO_TEST_CASE(the_destructor_closes) {
  Bench bench;
  bench.start();
  bench.post(1, 10);
  bench.writer.reset();
  check_all(bench.first->events, bench.journal(), 10, "interrupted");
  BOOST_TEST(bench.first->closed_with == "interrupted");
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_nothing_once_there_is_room) {
  Bench bench;
  bench.start();
  bench.post(1, 10);
  bench.wait_for_journal(10);
  {
    const FileSizeLimit limit(std::filesystem::file_size(bench.folder / "metrics.jsonl"));
    bench.post(11, 20);
    for (int i = 0; i < 500 && bench.err.text().empty(); ++i) std::this_thread::sleep_for(10ms);
    BOOST_TEST(count(bench.err.text(), "the journal can't be written, the run goes on") == 1);
    BOOST_TEST(bench.journal().size() == 10);
  }
  bench.post(21, 30);
  bench.writer->close("finished");
  check_all(bench.first->events, bench.journal(), 30, "finished");
  BOOST_TEST(count(bench.err.text(), "error: ") == 1);
}

BOOST_AUTO_TEST_CASE(a_disk_full_to_the_end_is_told) {
  Bench bench;
  bench.start();
  bench.post(1, 10);
  bench.wait_for_journal(10);
  const FileSizeLimit limit(std::filesystem::file_size(bench.folder / "metrics.jsonl"));
  bench.post(11, 12);
  bench.writer->close("finished");
  BOOST_TEST(count(bench.err.text(), "the last 3 events are not in the journal") == 1);
  BOOST_TEST(bench.journal().size() == 10);
}

BOOST_AUTO_TEST_CASE(a_repaired_journal_is_told) {
  Bench bench;
  write_text(bench.folder / "metrics.jsonl", "{\"torn");
  bench.start();
  bench.writer->close("finished");
  BOOST_TEST(count(bench.err.text(), "torn") == 1);
  BOOST_TEST(bench.journal().size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
