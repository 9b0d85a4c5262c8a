#include "core/weights_match.h"

#include <set>
#include <unordered_map>

#include "dl/problems.h"

namespace dl::host {
namespace {

std::string kind_text(c10::ScalarType dtype, at::IntArrayRef shape) {
  return std::string(c10::toString(dtype)) + " " + c10::str(shape);
}

std::string misfit(const std::string& name, const StoredTensor& stored, const Tensor& whole, bool converts) {
  const auto in_file = " in the file, ";
  if (at::IntArrayRef(stored.shape) != whole.sizes())
    return "other shape: " + name + " is " + c10::str(at::IntArrayRef(stored.shape)) + in_file +
           c10::str(whole.sizes()) + " in the network";
  const bool same = stored.dtype == whole.scalar_type();
  if (same || !converts || (c10::isFloatingType(stored.dtype) && whole.is_floating_point())) return "";
  return "other type: " + name + " is " + kind_text(stored.dtype, stored.shape) + in_file +
         kind_text(whole.scalar_type(), whole.sizes()) + " in the network";
}

}  // namespace

std::string WeightsMatch::differences() const {
  std::string text;
  for (const auto& line : missing) text += "\n  missing: " + line;
  for (const auto& line : misfits) text += "\n  " + line;
  for (const auto& line : unexpected) text += "\n  unexpected: " + line;
  return text;
}

WeightsMatch match_weights(Backend& backend, const std::string& network, const std::map<std::string, std::string>& tied,
                           const WeightsFile& file, const std::string& prefix, bool converts) {
  std::unordered_map<std::string, const StoredTensor*> stored;  // by the name without the prefix
  std::vector<std::string> names;
  for (const auto& tensor : file.tensors)
    if (tensor.name.starts_with(prefix)) {
      names.push_back(tensor.name.substr(prefix.size()));
      stored[names.back()] = &tensor;
    }
  std::map<std::string, std::vector<std::string>> all_names;
  for (const auto& [alias, name] : tied) all_names[name].push_back(alias);

  WeightsMatch match;
  std::set<std::string> known;
  backend.visit(network, false, false, [&](const NetworkEntry& entry, Tensor& whole) {
    auto own = all_names[entry.name];
    own.insert(own.begin(), entry.name);
    const StoredTensor* found = nullptr;
    for (const auto& name : own) {
      known.insert(name);
      if (const auto at = stored.find(name); !found && at != stored.end()) found = at->second;
    }
    if (!found) {
      match.missing.push_back(entry.name + " " + c10::str(whole.sizes()) + did_you_mean(entry.name, names));
    } else if (const auto wrong = misfit(entry.name, *found, whole, converts); !wrong.empty()) {
      match.misfits.push_back(wrong);
    } else {
      match.taken[entry.name] = found->name;
    }
  });
  for (const auto& name : names)
    if (!known.count(name)) match.unexpected.push_back(name);
  for (const auto& name : file.others)
    if (name.starts_with(prefix)) match.unexpected.push_back(name + ", which is no tensor");
  return match;
}

}  // namespace dl::host
