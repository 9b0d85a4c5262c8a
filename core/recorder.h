#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "core/console.h"
#include "core/event_writer.h"
#include "core/run_record.h"

namespace dl::host {

/// What rank 0 keeps of a run: the run directory with config, journal and record, and the loggers.
class Recorder {
 public:
  /// `resumed`: the directory of the run that goes on; empty: a new one. `at`: from where.
  Recorder(const RunArguments& arguments, const Value& config, const Plan& plan, const Registry& registry,
           Objects& objects, Console& console, int threads, const std::filesystem::path& resumed, const Progress& at);

  void log(const Metrics& metrics, const Progress& progress);
  void finish(const std::string& status);
  RunRecord& record() { return record_; }
  const RunDirectory& directory() const { return record_.directory(); }

 private:
  RunRecord record_;
  std::optional<EventWriter> events_;
};

}  // namespace dl::host
