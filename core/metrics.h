#pragma once
#include <string>
#include <utility>
#include <vector>

namespace dl::host {

/// Names and values, such as {"val_loss", 0.31}, in the order in which they were logged.
using Metrics = std::vector<std::pair<std::string, double>>;

/// The value of `name`. Throws Error, beginning with `who` ("[checkpoint] monitor"), with the nearest name and all that
/// there are.
double metric_of(const Metrics& metrics, const std::string& name, const std::string& who);

}  // namespace dl::host
