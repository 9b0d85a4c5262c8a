#include "core/freezing.h"

#include <algorithm>

#include "core/name_pattern.h"

namespace dl::host {
namespace {

bool active(const FreezeRule& rule, int64_t epoch) {
  return epoch >= rule.from_epoch && (!rule.until_epoch || epoch < *rule.until_epoch);
}

}  // namespace

Freezing::Freezing(std::vector<FreezeRule> rules, const std::map<std::string, std::shared_ptr<Network>>& networks)
    : rules_(std::move(rules)) {
  for (const auto& rule : rules_) check_fits(rule.match, networks, "train.freeze", rule.place);
  for (const auto& [network, module] : networks)
    for (const auto& item : module->named_parameters()) {
      Target target{item.value(), {}};
      for (const auto& rule : rules_)
        if (fits(rule.match, network, item.key())) target.rules.push_back(&rule);
      if (!target.rules.empty() && target.parameter.requires_grad()) targets_.push_back(std::move(target));
    }
}

void Freezing::apply(int64_t epoch) {
  for (auto& target : targets_) {
    const bool frozen =
        std::any_of(target.rules.begin(), target.rules.end(), [&](const auto* rule) { return active(*rule, epoch); });
    target.parameter.requires_grad_(!frozen);
  }
}

}  // namespace dl::host
