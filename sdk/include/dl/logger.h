#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dl/kind.h"
#include "dl/tensor.h"
#include "dl/value.h"

namespace dl {

/// One thing that happened in a run: a line of the journal `metrics.jsonl`.
struct DL_API Event {
  enum class Type { metrics, params, image, histogram, artifact, status };
  Type type = Type::metrics;
  int64_t offset = 0;   ///< bytes of the journal up to and with this event: what write() acknowledges
  int64_t time_ms = 0;  ///< since 1970, UTC
  int64_t step = 0;     ///< windows done
  int64_t epoch = 0;
  std::vector<std::pair<std::string, double>> metrics;  ///< of type metrics
  Value params;                                         ///< of type params: a table
  std::string name;  ///< image, histogram, artifact: its name; status: "running", "finished", "failed", "interrupted"
  std::string path;  ///< artifact: the file, relative to the run directory
  Tensor tensor;     ///< image: uint8 [C, H, W]; histogram: values, 1-D
};

struct RunInfo {
  std::string run_dir, experiment, name, version, config_toml;
  Value config;  ///< resolved
  int world_size = 1;
};

/// Observes a run: gets its events in order. On rank 0 only, all calls from one thread that is not the training thread.
/// An Error thrown here is reported once, and the run goes on without this logger; the journal has everything.
class DL_API Logger {
 public:
  using Interface = Logger;
  using Context = void;
  static constexpr Kind kKind = Kind::logger;
  static constexpr uint32_t kAbi = 1;
  virtual ~Logger();
  virtual void open(const RunInfo& run) = 0;
  /// Returns the offset of the last event that is safely handed on; the host offers later ones again.
  virtual int64_t write(std::span<const Event> events) = 0;
  virtual void close(const std::string& status) = 0;
};

}  // namespace dl
