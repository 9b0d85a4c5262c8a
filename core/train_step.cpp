#include "core/train_step.h"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>

#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {

TrainStep::TrainStep(const StepParts& parts, const std::vector<Batch>& window, int64_t samples,
                     const Progress& progress)
    : parts_(parts), window_(window), samples_(samples), progress_(progress) {}

OptimizerSlot& TrainStep::slot(std::string_view name) const {
  std::vector<std::string> names;
  for (auto& slot : parts_.optimizers) {
    if (slot.name == name) return slot;
    names.push_back(slot.name);
  }
  throw Error("the task updates with an optimizer \"" + std::string(name) +
              "\", which the config does not have (it has: " + join(names) + "); add [model.optimizers." +
              std::string(name) + "]");
}

Rng TrainStep::rng(std::string_view purpose, int64_t index) const {
  return {parts_.seed, purpose, static_cast<uint64_t>(progress_.step), static_cast<uint64_t>(index)};
}

void TrainStep::log(std::string_view name, const Tensor& mean, double weight) {
  parts_.log.add("train_" + std::string(name), mean, weight);
}

Tensors TrainStep::freeze_others(const OptimizerSlot& slot) const {
  Tensors frozen;
  if (slot.networks.size() == parts_.networks.size()) return frozen;
  for (auto& [name, network] : parts_.networks) {
    if (std::find(slot.networks.begin(), slot.networks.end(), name) != slot.networks.end()) continue;
    for (auto& parameter : network->parameters())
      if (parameter.requires_grad()) frozen.push_back(parameter.requires_grad_(false));
  }
  return frozen;
}

double TrainStep::backward_all(const OptimizerSlot& slot, const std::function<StepLoss(const Batch&)>& loss) {
  const std::string name = slot.name == "main" ? "train_loss" : "train_loss_" + slot.name;
  double weights = 0;
  for (size_t i = 0; i < window_.size(); ++i) {
    const auto& batch = window_[i];
    const auto made = loss(batch);
    if (!made.loss.defined() || made.loss.numel() != 1)
      throw Error("the loss given to update(\"" + slot.name + "\") must be a scalar, found " +
                  (made.loss.defined() ? "shape " + c10::str(made.loss.sizes()) : "an undefined tensor"));
    const double weight = batch.padding ? 0 : made.weight;
    parts_.backend.backward(made.loss, weight / static_cast<double>(samples_), i + 1 == window_.size());
    parts_.log.add(name, made.loss, weight);
    weights += weight;
  }
  return weights;
}

void TrainStep::apply(OptimizerSlot& slot, double scale) {
  const at::NoGradGuard no_grad;
  std::vector<Param*> params;
  for (const auto& network : slot.networks)
    for (auto& param : parts_.backend.params(network)) {
      if (!param.used) continue;
      if (scale != 1) param.grad.mul_(scale);
      ++param.step;
      params.push_back(&param);
    }
  if (!params.empty()) slot.optimizer->step(params, slot.rate(progress_));
  ++slot.updates;
  parts_.backend.after_step(slot.networks);
}

void TrainStep::update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) {
  auto& used = slot(optimizer);
  // Dropout and its like draw from the default generator: a function of (seed, step, update, rank), so nothing to save.
  const auto step = static_cast<uint64_t>(progress_.step);
  auto generator = at::detail::getDefaultCPUGenerator();
  generator.set_current_seed(
      derive_seed(parts_.seed, "dropout", step, static_cast<uint64_t>(updates_ * 1'000'003 + parts_.rank)));
  ++updates_;

  auto frozen = freeze_others(used);
  parts_.backend.begin_update(used.networks);
  std::array<double, 1> totals{backward_all(used, loss)};
  parts_.backend.end_update(used.networks, totals);
  for (auto& parameter : frozen) parameter.requires_grad_(true);
  if (!(totals[0] > 0)) throw Error("the weights given to update(\"" + used.name + "\") add up to nothing");
  // Losses were scaled by the samples of the window, which all ranks know beforehand; other weights correct it here.
  apply(used, static_cast<double>(samples_) / totals[0]);
}

}  // namespace dl::host
