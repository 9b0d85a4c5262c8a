#pragma once
#include <optional>

#include "csv_table.h"
#include "dl/logger.h"
#include "dl/schema.h"

namespace csv {

/// Metrics as one table in the run directory: columns time_ms, step, epoch, then one for each metric, in the order in
/// which they first came. One row for each event; other events than metrics are passed over. Where a run is gone on
/// with, the rows of steps after its checkpoint, which are trained again, are taken out.
class CSVLogger : public dl::Logger {
 public:
  struct Options {
    std::string file = "metrics.csv";
  };
  static dl::Schema<Options> schema();
  explicit CSVLogger(const Options& options) : options_(options) {}

  void open(const dl::RunInfo& run) override;
  int64_t write(std::span<const dl::Event> events) override;
  void close(const std::string& status) override;

 private:
  Options options_;
  std::optional<CsvTable> table_;
};

}  // namespace csv
