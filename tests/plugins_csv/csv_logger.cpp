#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "dl/logger.h"
#include "support/check_close.h"
#include "support/loaded_plugin.h"
#include "support/temporary_folder.h"

namespace fs = std::filesystem;
using support::table;

namespace {

/// A run directory that is gone afterwards, and a logger in it.
struct Fixture {
  Fixture() { run.run_dir = folder.string(); }

  std::shared_ptr<dl::Logger> logger(const dl::Value& params = {}) const {
    static const support::LoadedPlugin plugin(DL_PLUGIN_FILE);
    return plugin.make<dl::Logger>("CSVLogger", params);
  }
  std::string text(const std::string& file = "metrics.csv") const {
    std::ostringstream whole;
    whole << std::ifstream(folder / file).rdbuf();
    return whole.str();
  }
  static dl::Event event(int64_t step, std::vector<std::pair<std::string, double>> metrics) {
    dl::Event result;
    result.offset = 100 * step;
    result.time_ms = 1000 * step;
    result.step = step;
    result.epoch = step / 10;
    result.metrics = std::move(metrics);
    return result;
  }
  static int64_t write(dl::Logger& logger, std::vector<dl::Event> events) { return logger.write(events); }

  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  dl::RunInfo run;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(csv_logger, Fixture)

BOOST_AUTO_TEST_CASE(a_row_for_each_event_is_there_after_write) {
  const auto log = logger();
  log->open(run);
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch\n");
  BOOST_CHECK_EQUAL(
      write(*log, {event(1, {{"train_loss", 0.1}, {"lr", 1e-3}}), event(12, {{"lr", 0.5}, {"train_loss", 2}})}), 1200);
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch,train_loss,lr\n1000,1,0,0.1,0.001\n12000,12,1,2,0.5\n");
}

BOOST_AUTO_TEST_CASE(numbers_read_back_exactly) {
  const auto log = logger();
  log->open(run);
  const double third = 1.0 / 3, infinite = std::numeric_limits<double>::infinity();
  write(*log, {event(1, {{"a", third}, {"b", infinite}, {"c", std::numeric_limits<double>::quiet_NaN()}})});
  const auto row = text().substr(text().find('\n') + 1);
  BOOST_CHECK_EQUAL(std::stod(row.substr(9)), third);
  BOOST_CHECK_EQUAL(row.substr(row.find(",inf")), ",inf,nan\n");
}

BOOST_AUTO_TEST_CASE(a_column_that_comes_later_gets_a_header_and_leaves_old_cells_empty) {
  const auto log = logger();
  log->open(run);
  write(*log, {event(1, {{"train_loss", 1}})});
  write(*log, {event(2, {{"val_loss", 3}}), event(3, {{"train_loss", 4}})});
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch,train_loss,val_loss\n1000,1,0,1,\n2000,2,0,,3\n3000,3,0,4,\n");
  BOOST_CHECK_EQUAL(std::distance(fs::directory_iterator(folder), {}), 1);  // no temporary file is left
}

BOOST_AUTO_TEST_CASE(steps_that_are_trained_again_stand_there_once) {
  const auto running = [](int64_t step) {
    dl::Event status;
    status.type = dl::Event::Type::status;
    status.name = "running";
    status.step = step;
    return status;
  };
  {
    const auto log = logger();
    log->open(run);
    write(*log, {running(0), event(10, {{"a", 1}}), event(20, {{"a", 2}}), event(30, {{"a", 3}})});
  }
  const auto log = logger();
  log->open(run);
  write(*log, {running(20), event(30, {{"a", 4}})});
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch,a\n10000,10,1,1\n20000,20,2,2\n30000,30,3,4\n");
  BOOST_CHECK_EQUAL(std::distance(fs::directory_iterator(folder), {}), 1);
}

BOOST_AUTO_TEST_CASE(a_reader_of_the_old_table_keeps_it_whole) {
  const auto log = logger();
  log->open(run);
  write(*log, {event(1, {{"a", 1}})});
  std::ifstream reader(folder / "metrics.csv");
  write(*log, {event(2, {{"b", 2}})});
  std::ostringstream seen;
  seen << reader.rdbuf();
  BOOST_CHECK_EQUAL(seen.str(), "time_ms,step,epoch,a\n1000,1,0,1\n");
}

BOOST_AUTO_TEST_CASE(a_resumed_run_goes_on_with_the_same_table) {
  auto log = logger();
  log->open(run);
  write(*log, {event(1, {{"a", 1}, {"odd, \"name\"", 2}})});
  log->close("interrupted");
  log = logger();
  log->open(run);
  write(*log, {event(2, {{"odd, \"name\"", 3}})});
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch,a,\"odd, \"\"name\"\"\"\n1000,1,0,1,2\n2000,2,0,,3\n");
}

BOOST_AUTO_TEST_CASE(a_row_torn_by_a_crash_does_not_swallow_the_next_one) {
  std::ofstream(folder / "metrics.csv") << "time_ms,step,epoch,a\n1000,1,0,1\n2000,2";
  const auto log = logger();
  log->open(run);
  write(*log, {event(2, {{"a", 3}})});
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch,a\n1000,1,0,1\n2000,2\n2000,2,0,3\n");
}

BOOST_AUTO_TEST_CASE(other_events_are_acknowledged_and_passed_over) {
  const auto log = logger();
  log->open(run);
  auto status = event(7, {});
  status.type = dl::Event::Type::status;
  status.name = "running";
  BOOST_CHECK_EQUAL(write(*log, {status}), 700);
  BOOST_CHECK_EQUAL(text(), "time_ms,step,epoch\n");
}

BOOST_AUTO_TEST_CASE(the_file_can_be_named) {
  const auto log = logger(table({{"file", "table.csv"}}));
  log->open(run);
  BOOST_CHECK_EQUAL(text("table.csv"), "time_ms,step,epoch\n");
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_named) {
  BOOST_CHECK_EXCEPTION(logger(table({{"file", "no/such/metrics.csv"}}))->open(run), dl::Error,
                        support::says({"no/such/metrics.csv", "No such file"}));
  fs::create_directory(folder / "metrics.csv");
  BOOST_CHECK_EXCEPTION(logger()->open(run), dl::Error, support::says({"metrics.csv", "directory"}));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_reported) {
  BOOST_CHECK_EXCEPTION(logger(table({{"file", "/dev/full"}}))->open(run), dl::Error,
                        support::says({"/dev/full", "No space"}));
}

BOOST_AUTO_TEST_CASE(close_twice_is_fine_and_write_after_it_is_not) {
  const auto log = logger();
  log->open(run);
  log->close("finished");
  log->close("finished");
  BOOST_CHECK_THROW(write(*log, {event(1, {{"a", 1}})}), dl::Error);
}

BOOST_AUTO_TEST_SUITE_END()
