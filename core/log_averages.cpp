#include "core/log_averages.h"

#include <ATen/ops/tensor.h>

#include <limits>

#include "dl/error.h"

namespace dl::host {

void LogAverages::add(const std::string& name, const Tensor& value, double weight) {
  auto kept = value.detach();
  newest_[name] = kept;
  values_[name].emplace_back(std::move(kept), weight);
}

double LogAverages::newest(const std::string& name) const {
  const auto found = newest_.find(name);
  return found == newest_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second.item<double>();
}

std::vector<Average> LogAverages::reduce(Communicator& control) {
  // The count of names first: a rank that logged other names would leave the others waiting.
  std::vector<double> sums{static_cast<double>(values_.size())};
  for (const auto& [name, values] : values_) {
    double sum = 0, weight = 0;
    for (const auto& [value, w] : values)
      if (w != 0) {
        sum += value.item<double>() * w;
        weight += w;
      }
    sums.push_back(sum);
    sums.push_back(weight);
  }
  if (control.size() > 1) {
    auto names = at::tensor(std::vector<double>{sums[0], -sums[0]}, at::kDouble);
    control.all_reduce(names, ReduceOp::max, "logged names");
    if (names[0].item<double>() != -names[1].item<double>())
      throw Error("the ranks logged different names at one step: a task must log the same names on every rank");
    auto tensor = at::tensor(sums, at::kDouble);
    control.all_reduce(tensor, ReduceOp::sum, "logged values");
    const auto* reduced = tensor.const_data_ptr<double>();
    sums.assign(reduced, reduced + tensor.numel());
  }
  std::vector<Average> means;
  size_t at = 1;
  for (auto& [name, values] : values_) {
    const double sum = sums[at++];
    const double weight = sums[at++];
    if (weight != 0) means.push_back({name, sum / weight, weight});
    values.clear();
  }
  return means;
}

}  // namespace dl::host
