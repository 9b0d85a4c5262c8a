#include "core/batch_limit.h"

#include <algorithm>

namespace dl::host {

BatchLimit BatchLimit::read(const Value& value, const std::string& key, Problems& problems) {
  BatchLimit limit;
  if (const auto* whole = value.get_if<int64_t>(); whole && *whole >= 0) {
    limit.count = *whole;
  } else if (const auto* real = value.get_if<double>(); real && *real >= 0 && *real <= 1) {
    limit.fraction = *real;
  } else {
    problems.add(value.place, "train",
                 "\"" + key + "\": expected a number of batches (an integer >= 0) or a fraction of them (a float " +
                     "between 0.0 and 1.0), found " + value.text());
  }
  return limit;
}

int64_t BatchLimit::of(int64_t total) const {
  if (count) return std::min(*count, total);
  if (fraction <= 0 || total == 0) return 0;
  return std::max<int64_t>(1, static_cast<int64_t>(fraction * static_cast<double>(total)));
}

}  // namespace dl::host
