#include "core/initial_weights.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "core/errors.h"
#include "core/initial_weights_files.h"
#include "core/tied_names.h"
#include "core/weights_match.h"

namespace dl::host {
namespace {

/// "network." where every name in the file begins so; "".
std::string common_prefix(const WeightsFile& file) {
  if (file.tensors.empty()) return "";
  const auto& first = file.tensors[0].name;
  for (auto dot = first.rfind('.'); dot != std::string::npos && dot > 0; dot = first.rfind('.', dot - 1)) {
    const auto prefix = first.substr(0, dot + 1);
    if (std::all_of(file.tensors.begin(), file.tensors.end(),
                    [&](const auto& tensor) { return tensor.name.starts_with(prefix); }))
      return prefix;
  }
  return "";
}

/// What to try where nothing fits as it stands: prefixes under which all of the network would be found.
std::string prefix_hint(const WeightsFile& file, const std::function<WeightsMatch(const std::string&)>& match) {
  std::vector<std::string> candidates = {common_prefix(file)};
  for (const auto& tensor : file.tensors) {
    const auto prefix = tensor.name.substr(0, tensor.name.find('.') + 1);
    if (candidates.size() < 8 && std::find(candidates.begin(), candidates.end(), prefix) == candidates.end())
      candidates.push_back(prefix);
  }
  for (const auto& prefix : candidates) {
    if (prefix.empty()) continue;
    const auto found = match(prefix);
    if (found.missing.empty() && !found.taken.empty())
      return "\nThe names in the file begin with \"" + prefix + "\": --init-prefix " + prefix +
             " (or [train] init_prefix) takes it off.";
  }
  return "";
}

std::string counted(size_t count, const char* what) { return std::to_string(count) + " " + what; }

/// Tied in the network, so they must be equal in the file: either would be lost.
void check_tied(const WeightsFile& file, const std::map<std::string, std::string>& tied, const std::string& prefix) {
  const auto there = [&](const std::string& name) {
    return std::any_of(file.tensors.begin(), file.tensors.end(),
                       [&](const auto& tensor) { return tensor.name == prefix + name; });
  };
  for (const auto& [alias, name] : tied)
    if (there(alias) && there(name) && !file.read(prefix + alias).equal(file.read(prefix + name)))
      throw UsageError(file.path.string() + ": " + alias + " and " + name +
                       " are one tensor in the network, but have other values in the file");
}

}  // namespace

void load_initial_weights(Backend& backend, const Networks& networks, const TrainSettings& train,
                          const std::function<void(const std::string&)>& say,
                          const std::function<void(const std::string&)>& warn) {
  const at::NoGradGuard no_grad;
  std::vector<std::string> names;
  for (const auto& [name, network] : networks) names.push_back(name);
  Problems problems;
  struct Source {
    WeightsFile file;
    WeightsMatch match;
  };
  std::map<std::string, Source> sources;
  const auto& prefix = train.init_prefix;
  for (const auto& [network, path] : initial_weights_files(train, names, problems)) {
    auto& source = sources[network];
    source.file = open_weights(path);
    const auto tied = tied_names(*networks.at(network));
    const auto match = [&](const std::string& with) {
      return match_weights(backend, network, tied, source.file, with, true);
    };
    source.match = match(prefix);
    const auto differences = source.match.differences();
    const auto what = path.string() + ": does not fit the network \"" + network + "\":" + differences;
    if (!differences.empty() && (!train.init_partial || source.match.taken.empty()))
      throw UsageError(what + (prefix.empty() ? prefix_hint(source.file, match) : "") +
                       (train.init_partial ? "\nNothing in it fits."
                                           : "\n--init-partial (or [train] init_partial) takes what fits."));
    if (source.match.taken.empty())
      throw UsageError(path.string() + ": no name begins with \"" + prefix + "\" ([train] init_prefix)");
    check_tied(source.file, tied, prefix);
    if (!differences.empty()) warn(path.string() + ": what does not fit was left out:" + differences);
  }
  if (!problems.empty()) throw UsageError(problems.text());
  for (const auto& [network, source] : sources) {
    backend.visit(network, false, true, [&, &from = source](const NetworkEntry& entry, Tensor& whole) {
      if (const auto found = from.match.taken.find(entry.name); found != from.match.taken.end())
        whole.copy_(from.file.read(found->second));
    });
    const auto others = source.file.tensors.size() - source.match.taken.size();
    say("network " + network + " begins with " + counted(source.match.taken.size(), "tensors") + " of " +
        source.file.path.string() + (source.file.part.empty() ? "" : ", \"" + source.file.part + "\"") +
        (prefix.empty() ? "" : ", whose names begin with " + prefix) +
        (others > 0 ? " (" + counted(others, "others") + " in it not taken)" : ""));
  }
}

}  // namespace dl::host
