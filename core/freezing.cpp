#include "core/freezing.h"

#include <algorithm>
#include <set>

#include "core/name_pattern.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

bool active(const FreezeRule& rule, int64_t epoch) {
  return epoch >= rule.from_epoch && (!rule.until_epoch || epoch < *rule.until_epoch);
}

}  // namespace

Freezing::Freezing(std::vector<FreezeRule> rules, const std::map<std::string, std::shared_ptr<Network>>& networks)
    : rules_(std::move(rules)) {
  std::set<const FreezeRule*> used;
  std::vector<std::string> names;
  for (const auto& [network, module] : networks)
    for (const auto& item : module->named_parameters()) {
      Target target{item.value(), {}};
      names.push_back(item.key());
      for (const auto& rule : rules_)
        if (fits(rule.match, network, item.key())) {
          target.rules.push_back(&rule);
          used.insert(&rule);
        }
      if (!target.rules.empty() && target.parameter.requires_grad()) targets_.push_back(std::move(target));
    }
  for (const auto& rule : rules_)
    if (!used.count(&rule))
      throw Error("[train.freeze] match = \"" + rule.match + "\" fits no parameter" + did_you_mean(rule.match, names) +
                  " (there are: " + join(names) + ")");
}

void Freezing::apply(int64_t epoch) {
  for (auto& target : targets_) {
    const bool frozen =
        std::any_of(target.rules.begin(), target.rules.end(), [&](const auto* rule) { return active(*rule, epoch); });
    target.parameter.requires_grad_(!frozen);
  }
}

}  // namespace dl::host
