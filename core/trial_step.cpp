#include "core/trial_step.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/autocast.h"
#include "core/exception_text.h"
#include "core/progress_display.h"
#include "core/shape_text.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

double number(const Tensor& scalar) { return scalar.detach().to(at::kCPU, at::kDouble).item<double>(); }

std::string list_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), kShown));
  return join(shown) + (names.size() > kShown ? " and " + std::to_string(names.size() - kShown) + " more" : "");
}

}  // namespace

TrialStep::TrialStep(Objects& objects, const Batch& batch, uint64_t seed, Observer& observer,
                     std::optional<at::ScalarType> autocast)
    : objects_(objects), batch_(batch), seed_(seed), observer_(observer), autocast_(autocast) {}

void TrialStep::update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) {
  const auto& used = find_slot(objects_.optimizers, optimizer);
  const FrozenOthers frozen(objects_.networks, used);
  auto& backend = *objects_.backend;
  backend.begin_update(used.networks);
  const auto made = [&] {
    const Autocast autocast(autocast_, batch_[0].device().type());
    return loss(batch_);
  }();
  check_loss(used, made.loss);
  const auto where = "the loss given to update(\"" + used.name + "\")";
  if (!made.loss.requires_grad())
    throw Error(where + " depends on no parameter of the networks that this optimizer updates (" + join(used.networks) +
                ")");
  if (!std::isfinite(number(made.loss)))
    observer_.print("warning: " + where + " is " + format_metric(number(made.loss)) + " at the first step");
  backend.backward(made.loss, 1, true);
  std::array<double, 1> totals{made.weight};
  backend.end_update(used.networks, totals);
  updated_.insert(used.name);
  report(used, made.loss);
}

void TrialStep::report(const OptimizerSlot& slot, const Tensor& loss) const {
  size_t all = 0;
  std::vector<std::string> unreached;
  for (const auto& network : slot.networks)
    for (const auto& param : objects_.backend->params(network)) {
      ++all;
      if (!param.used) unreached.push_back(slot.networks.size() > 1 ? network + "." + param.name : param.name);
    }
  observer_.print("update " + slot.name + ": loss " + format_metric(number(loss)) + ", gradients for " +
                  std::to_string(all - unreached.size()) + " of " + std::to_string(all) + " parameter tensors" +
                  (unreached.empty() ? "" : "; none for " + list_of(unreached)));
}

void TrialStep::log(std::string_view name, const Tensor& mean, double) {
  observer_.print("train_" + std::string(name) + " " + format_metric(number(mean)));
}

TrialEvaluation::TrialEvaluation(const std::vector<std::shared_ptr<Metric>>& metrics, std::vector<std::string> names,
                                 Observer& observer)
    : metrics_(metrics), names_(std::move(names)), observer_(observer) {}

void TrialEvaluation::log(std::string_view name, const Tensor& mean, double) {
  logged_.emplace_back("val_" + std::string(name), number(mean));
  observer_.print(logged_.back().first + " " + format_metric(logged_.back().second));
}

void TrialEvaluation::metrics(const Tensor& prediction, const Tensor& target) {
  for (size_t i = 0; i < metrics_.size(); ++i) {
    try {
      const auto state = metrics_[i]->update(prediction, target);
      auto total = state.clone();
      metrics_[i]->merge(total, state);
      std::vector<std::string> values;
      for (const auto& [name, value] : metrics_[i]->compute(state)) {
        values.push_back(name + " " + format_metric(value));
        logged_.emplace_back("val_" + name, value);
      }
      observer_.print("metric " + names_[i] + ": " + shapes_text({prediction, target}) + " -> " + list_of(values));
    } catch (...) {
      throw Error("metric " + names_[i] + ", given " + shapes_text({prediction, target}) + ": " + exception_text());
    }
  }
}

}  // namespace dl::host
