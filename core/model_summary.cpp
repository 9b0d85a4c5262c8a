#include "core/model_summary.h"

#include <cstdio>
#include <set>
#include <sstream>
#include <vector>

#include "core/text_table.h"

namespace dl::host {
namespace {

struct Count {
  int64_t parameters = 0, trainable = 0, bytes = 0;
  void add(const Tensor& parameter) {
    parameters += parameter.numel();
    if (parameter.requires_grad()) trainable += parameter.numel();
    bytes += static_cast<int64_t>(parameter.nbytes());
  }
};

/// "torch::nn::Conv2dImpl" is shown as PyTorch's "Conv2d".
std::string type_of(const torch::nn::Module& module) {
  auto name = module.name();
  if (const auto colons = name.rfind("::"); colons != std::string::npos) name.erase(0, colons + 2);
  if (name.ends_with("Impl")) name.erase(name.size() - 4);
  return name;
}

/// 1.2 K, 3.4 M.
std::string thousands(int64_t count) {
  if (count < 1000) return std::to_string(count);
  static constexpr const char* kUnits[] = {"K", "M", "B", "T"};
  double value = static_cast<double>(count) / 1000;
  size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace

std::string model_summary(const std::map<std::string, std::shared_ptr<Network>>& networks) {
  TextTable table;
  table.add({"network", "type", "parameters"});
  Count all;
  std::set<const void*> seen;
  for (const auto& [name, network] : networks) {
    Count whole, own;
    std::vector<TextTable::Row> children;
    for (const auto& parameter : network->parameters(false))
      if (seen.insert(parameter.unsafeGetTensorImpl()).second) own.add(parameter);
    for (const auto& child : network->named_children()) {
      Count count;
      for (const auto& parameter : child.value()->parameters())
        if (seen.insert(parameter.unsafeGetTensorImpl()).second) count.add(parameter);
      children.push_back({"  " + child.key(), type_of(*child.value()), thousands(count.parameters)});
      whole.parameters += count.parameters;
      whole.trainable += count.trainable;
      whole.bytes += count.bytes;
    }
    whole.parameters += own.parameters;
    whole.trainable += own.trainable;
    whole.bytes += own.bytes;
    table.add({name, type_of(*network), thousands(whole.parameters)});
    for (auto& child : children) table.add(std::move(child));
    all.parameters += whole.parameters;
    all.trainable += whole.trainable;
    all.bytes += whole.bytes;
  }
  char bytes[32];
  std::snprintf(bytes, sizeof bytes, "%.2f MB", static_cast<double>(all.bytes) / 1e6);
  std::ostringstream out;
  table.print(out, 100, false);
  return out.str() + thousands(all.trainable) + " trainable parameters, " + thousands(all.parameters - all.trainable) +
         " not trained, " + bytes;
}

}  // namespace dl::host
