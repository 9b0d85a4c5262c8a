#include "core/optimizer_slot.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/name_pattern.h"
#include "core/shape_text.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

constexpr size_t kBytesAtOnce = 4 << 20;  // of parameters whose states are elsewhere

/// torch.optim.swa_utils.SWALR in closed form: from the rate at the first averaged epoch to `lr`.
double annealed(const SwaSettings& swa, double from, int64_t epochs) {
  const double t =
      swa.anneal_epochs == 0 ? 1 : std::min(1.0, static_cast<double>(epochs) / static_cast<double>(swa.anneal_epochs));
  const double alpha = swa.anneal_strategy == "cos" ? (1 - std::cos(std::numbers::pi * t)) / 2 : t;
  return *swa.lr * alpha + from * (1 - alpha);
}

}  // namespace

Rate OptimizerSlot::rate(const Optimizer& of, Progress progress) const {
  const bool averaging = swa && swa->lr && progress.epoch >= swa->start_epoch;
  const auto epochs = averaging ? progress.epoch - swa->start_epoch : 0;
  if (averaging) progress.epoch = swa->start_epoch;
  auto rate = of.base_rate();
  if (scheduler) {
    progress.count = (by_epoch ? progress.epoch : progress.step) / frequency;
    progress.total_count = (by_epoch ? progress.total_epochs : progress.total_steps) / frequency;
    progress.state = scheduler_state;
    rate = scheduler->at(rate, progress);
  }
  if (averaging) rate.lr = annealed(*swa, rate.lr, epochs);
  return rate;
}

size_t OptimizerSlot::group_of(const std::string& network, const std::string& parameter) const {
  size_t i = 0;
  while (i < groups.size() && !fits(groups[i].match, network, parameter)) ++i;
  return i;
}

void OptimizerSlot::step(std::span<Param* const> params, std::span<const std::string* const> owners,
                         const Progress& progress, const std::function<void()>& let_go) {
  for (size_t begin = 0, end = 0; begin < params.size(); begin = end) {
    size_t elsewhere = 0;
    while (end < params.size() && elsewhere < kBytesAtOnce) {
      if (elementwise && params[end]->make_state) elsewhere += params[end]->value.nbytes();
      ++end;
    }
    step_together(params.subspan(begin, end - begin), owners.subspan(begin, end - begin), progress);
    if (end < params.size()) let_go();
  }
}

void OptimizerSlot::step_together(std::span<Param* const> params, std::span<const std::string* const> owners,
                                  const Progress& progress) {
  std::vector<std::vector<Param*>> parts(groups.size() + 1);
  if (groups.empty()) {
    parts[0].assign(params.begin(), params.end());
  } else {
    for (size_t i = 0; i < params.size(); ++i) {
      const auto [found, fresh] = group_by_name_.emplace(*owners[i] + "." + params[i]->name, 0);
      if (fresh) found->second = group_of(*owners[i], params[i]->name);
      parts[found->second].push_back(params[i]);
    }
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    auto& chosen = i < groups.size() ? *groups[i].optimizer : *optimizer;
    if (!parts[i].empty()) chosen.step(parts[i], rate(chosen, progress));
  }
}

OptimizerSlot& find_slot(std::vector<OptimizerSlot>& slots, std::string_view name) {
  std::vector<std::string> names;
  for (auto& slot : slots) {
    if (slot.name == name) return slot;
    names.push_back(slot.name);
  }
  throw Error("the task updates with an optimizer \"" + std::string(name) +
              "\", which the config does not have (it has: " + join(names) + "); add [model.optimizers." +
              std::string(name) + "]");
}

void check_loss(const OptimizerSlot& slot, const Tensor& loss) {
  if (!loss.defined() || loss.numel() != 1)
    throw Error("the loss given to update(\"" + slot.name + "\") must be a scalar, found " + shape_text(loss));
}

FrozenOthers::FrozenOthers(const std::map<std::string, std::shared_ptr<Network>>& networks, const OptimizerSlot& slot) {
  if (slot.networks.size() == networks.size()) return;
  for (const auto& [name, network] : networks) {
    if (std::find(slot.networks.begin(), slot.networks.end(), name) != slot.networks.end()) continue;
    for (auto& parameter : network->parameters())
      if (parameter.requires_grad()) frozen_.push_back(parameter.requires_grad_(false));
  }
}

FrozenOthers::~FrozenOthers() {
  for (auto& parameter : frozen_) parameter.requires_grad_(true);
}

}  // namespace dl::host
