#include "core/model_summary.h"

#include <cstdio>
#include <set>
#include <sstream>
#include <vector>

#include "core/text_table.h"

namespace dl::host {
namespace {

using Seen = std::set<const void*>;

void add(const std::vector<Tensor>& parameters, Seen& seen, ParameterCount& count) {
  for (const auto& parameter : parameters) {
    if (!seen.insert(parameter.unsafeGetTensorImpl()).second) continue;
    count.elements += parameter.numel();
    if (parameter.requires_grad()) count.trained += parameter.numel();
    count.bytes += static_cast<int64_t>(parameter.nbytes());
  }
}

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

ParameterCount count_parameters(const torch::nn::Module& module) {
  ParameterCount count;
  Seen seen;
  add(module.parameters(), seen, count);
  return count;
}

std::string model_summary(const std::map<std::string, std::shared_ptr<Network>>& networks) {
  TextTable table;
  table.add({"network", "type", "parameters"});
  ParameterCount all;
  Seen seen;
  for (const auto& [name, network] : networks) {
    const auto before = all.elements;
    std::vector<TextTable::Row> children;
    add(network->parameters(false), seen, all);
    for (const auto& child : network->named_children()) {
      const auto of_others = all.elements;
      add(child.value()->parameters(), seen, all);
      children.push_back({"  " + child.key(), type_of(*child.value()), thousands(all.elements - of_others)});
    }
    table.add({name, type_of(*network), thousands(all.elements - before)});
    for (auto& child : children) table.add(std::move(child));
  }
  std::ostringstream out;
  table.print(out, 100, false);
  char bytes[32];
  std::snprintf(bytes, sizeof bytes, "%.2f MB", static_cast<double>(all.bytes) / 1e6);
  return out.str() + thousands(all.trained) + " trainable parameters, " + thousands(all.elements - all.trained) +
         " not trained, " + bytes;
}

}  // namespace dl::host
