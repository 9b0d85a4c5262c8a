#include "core/metrics.h"

#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {

double metric_of(const Metrics& metrics, const std::string& name, const std::string& who) {
  std::vector<std::string> names;
  for (const auto& [known, value] : metrics) {
    if (known == name) return value;
    names.push_back(known);
  }
  throw Error(who + ": there is no metric \"" + name + "\"" + did_you_mean(name, names) +
              " (a validation logs: " + join(names) + ")");
}

}  // namespace dl::host
