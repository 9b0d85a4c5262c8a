#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "dl/problems.h"
#include "dl/value.h"

namespace dl::host {

/// "How many batches", as PyTorch Lightning's limit_*_batches: an integer counts them, a float in [0, 1] is a fraction.
struct BatchLimit {
  std::optional<int64_t> count;
  double fraction = 1;

  /// Adds a problem and returns "all" where `value` is neither. `key` names it in messages.
  static BatchLimit read(const Value& value, const std::string& key, Problems& problems);
  /// Of `total` batches: at most all, and at least one where a fraction above 0 is asked for.
  int64_t of(int64_t total) const;
};

}  // namespace dl::host
