#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dl/problems.h"

namespace dl::host {

/// The form of checkpoints' names, `[checkpoint] filename`, as Lightning's ModelCheckpoint has it:
/// "{epoch:02d}-{step}-{val_loss:.3f}" becomes "epoch=02-step=1200-val_loss=0.324". `epoch` and `step` are integers,
/// all other names metrics. A format is Python's: [0][width][.precision][d|f|e|g]. An empty form is "step-00001200".
class CheckpointName {
 public:
  /// What is wrong with it goes to `problems` at `place`: braces, formats, characters that a file's name can't have.
  static CheckpointName parse(const std::string& form, const Place& place, Problems& problems);

  /// `epoch` from 0, the last step's. A metric that is not known (yet) is "nan".
  std::string text(int64_t epoch, int64_t step, const std::map<std::string, double>& metrics) const;
  /// Names of the metrics in it.
  std::vector<std::string> metrics() const;

 private:
  struct Part {
    std::string literal;  ///< before the value
    std::string name;     ///< empty: only the literal
    std::string format;   ///< of printf, without '%' and the type
    char type = 0;        ///< 0: as short as can be
  };
  std::string raw(int64_t epoch, int64_t step, const std::map<std::string, double>& metrics) const;
  static std::optional<Part> parse_field(const std::string& field, std::string& wrong);

  std::vector<Part> parts_;
};

}  // namespace dl::host
