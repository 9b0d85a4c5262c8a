#include "csv_logger.h"

#include <charconv>
#include <filesystem>

#include "dl/error.h"

namespace csv {
namespace {

/// The shortest text that reads back as the same number.
std::string text_of(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

}  // namespace

dl::Schema<CSVLogger::Options> CSVLogger::schema() {
  return dl::Schema<Options>("Metrics as a table: time_ms, step, epoch and a column for each metric.")
      .field("file", &Options::file, "where, relative to the run directory");
}

void CSVLogger::open(const dl::RunInfo& run) {
  table_.emplace((std::filesystem::path(run.run_dir) / options_.file).string(),
                 std::vector<std::string>{"time_ms", "step", "epoch"});
}

int64_t CSVLogger::write(std::span<const dl::Event> events) {
  if (!table_) throw dl::Error("CSVLogger: write() without open()");
  for (const auto& event : events) {
    if (event.type == dl::Event::Type::status && event.name == "running") table_->drop_above("step", event.step);
    if (event.type != dl::Event::Type::metrics) continue;
    std::vector<std::pair<std::string, std::string>> cells = {{"time_ms", std::to_string(event.time_ms)},
                                                              {"step", std::to_string(event.step)},
                                                              {"epoch", std::to_string(event.epoch)}};
    for (const auto& [name, value] : event.metrics) cells.emplace_back(name, text_of(value));
    table_->add(cells);
  }
  table_->flush();
  return events.empty() ? 0 : events.back().offset;
}

void CSVLogger::close(const std::string&) { table_.reset(); }

}  // namespace csv
