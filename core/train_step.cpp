#include "core/train_step.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "core/autocast.h"
#include "core/gradient_clip.h"
#include "dl/batch_norm.h"

namespace dl::host {
namespace {

std::string first_of(const std::vector<int64_t>& indices) {
  std::string text;
  for (size_t i = 0; i < indices.size() && i < 8; ++i) text += (i ? ", " : "") + std::to_string(indices[i]);
  return text + (indices.size() > 8 ? ", …" : "");
}

}  // namespace

TrainStep::TrainStep(const StepParts& parts, const std::vector<Batch>& window, int64_t samples,
                     const Progress& progress)
    : parts_(parts), window_(window), samples_(samples), progress_(progress) {}

Rng TrainStep::rng(std::string_view purpose, int64_t index) const {
  return {parts_.seed, purpose, static_cast<uint64_t>(progress_.step), static_cast<uint64_t>(index)};
}

void TrainStep::log(std::string_view name, const Tensor& mean, double weight) {
  parts_.log.add("train_" + std::string(name), mean, weight);
}

StepLoss TrainStep::forward(const Batch& batch, const std::function<StepLoss(const Batch&)>& loss) const {
  const Autocast autocast(parts_.autocast, batch[0].device().type());
  return loss(batch);
}

double TrainStep::backward_all(const OptimizerSlot& slot, const std::function<StepLoss(const Batch&)>& loss) {
  const std::string name = slot.name == "main" ? "train_loss" : "train_loss_" + slot.name;
  const double loss_scale = parts_.loss_scale ? parts_.loss_scale->scale() : 1;
  double weights = 0;
  for (size_t i = 0; i < window_.size(); ++i) {
    const auto& batch = window_[i];
    if (parts_.batch_norm_sync) parts_.batch_norm_sync->padding = batch.padding;
    const auto made = forward(batch, loss);
    check_loss(slot, made.loss);
    double weight = batch.padding ? 0 : made.weight;
    bool finite = true;
    if (weight != 0 && parts_.rules.nan_policy != "ignore") {
      const double value = made.loss.item<double>();
      finite = std::isfinite(value);
      if (!finite && not_finite_.empty())
        not_finite_ = "the loss of \"" + slot.name + "\" is " + std::to_string(value) + " in micro-batch " +
                      std::to_string(i) + " of the step (samples " + first_of(batch.indices) + ")";
    }
    parts_.backend.backward(made.loss, loss_scale * weight / static_cast<double>(samples_), i + 1 == window_.size());
    parts_.log.add(name, made.loss, finite ? weight : 0);
    weights += weight;
  }
  if (parts_.batch_norm_sync) parts_.batch_norm_sync->padding = false;
  return weights;
}

std::vector<double> TrainStep::end_update(const OptimizerSlot& slot, double weights) {
  auto* requests = updates_ == 1 ? parts_.requests : nullptr;
  std::vector<double> totals{weights, not_finite_.empty() ? 0.0 : 1.0};
  if (requests) totals.insert(totals.end(), requests->asked.begin(), requests->asked.end());
  parts_.backend.end_update(slot.networks, totals);
  if (requests)
    for (size_t i = 0; i < requests->agreed.size(); ++i) requests->agreed[i] = totals[i + 2] > 0;
  return totals;
}

/// All ranks come here with the same `what`, or those without `here` with none.
void TrainStep::refuse_or_skip(const std::string& what, bool here) {
  if (parts_.rules.nan_policy == "stop") {
    if (!here) throw FailedElsewhere("a loss is not finite on another rank");
    throw Error(
        what + "; [train] nan_policy = \"skip\" leaves such updates out, a smaller lr or gradient_clip may avoid them");
  }
  ++skipped_;
  before_->restore();
}

double TrainStep::clip(const OptimizerSlot& slot, std::span<Param* const> params, double scale) {
  const auto& rules = parts_.rules;
  const bool by_norm = rules.clip && rules.clip->norm;
  if (!by_norm && !rules.log_norm) return scale;
  const double norm = scale * gradient_norm(params, parts_.backend.sharded() ? parts_.control : nullptr);
  if (!std::isfinite(norm) && rules.nan_policy != "ignore") {
    refuse_or_skip("the gradient norm of \"" + slot.name + "\" is " + std::to_string(norm), true);
    return 0;
  }
  parts_.log.add(slot.name == "main" ? "grad_norm" : "grad_norm_" + slot.name, at::tensor(norm, at::kDouble), 1);
  return by_norm ? scale * clip_factor(norm, *rules.clip->norm) : scale;
}

void TrainStep::apply(OptimizerSlot& slot, double scale) {
  const at::NoGradGuard no_grad;
  std::vector<Param*> params;
  std::vector<const std::string*> networks;
  for (const auto& network : slot.networks)
    for (auto& param : parts_.backend.params(network)) {
      if (!param.used) continue;
      params.push_back(&param);
      networks.push_back(&network);
    }
  if (parts_.loss_scale) {
    if (unscale(params, scale / parts_.loss_scale->scale(), parts_.backend.sharded() ? parts_.control : nullptr)) {
      overflowed_ = true;
      ++skipped_;
      return;
    }
    scale = 1;
  }
  const double factor = clip(slot, params, scale);
  if (factor == 0) return;
  const auto& rules = parts_.rules;
  for (auto* param : params) {
    // A tensor, since mul_() of a number rounds it to the gradient's dtype first.
    if (factor != 1) param->grad.mul_(at::scalar_tensor(factor, at::kDouble));
    if (rules.clip && rules.clip->value) param->grad.clamp_(-*rules.clip->value, *rules.clip->value);
    ++param->step;
  }
  slot.step(params, networks, progress_, [&] { parts_.backend.after_step({}); });
  ++slot.updates;
  parts_.backend.after_step(slot.networks);
}

/// Dropout and its like draw from the default generators: a function of (seed, step, update, rank), so nothing to save.
void TrainStep::seed_generators() const {
  const auto seed = derive_seed(parts_.seed, "dropout", static_cast<uint64_t>(progress_.step),
                                static_cast<uint64_t>(updates_ * 1'000'003 + parts_.rank));
  auto generator = at::detail::getDefaultCPUGenerator();
  generator.set_current_seed(seed);
  if (parts_.device.is_cpu()) return;
  generator = at::globalContext().defaultGenerator(parts_.device);
  generator.set_current_seed(seed);
}

void TrainStep::update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) {
  auto& used = find_slot(parts_.optimizers, optimizer);
  seed_generators();
  ++updates_;
  not_finite_.clear();
  // What is not finite went through batch norms, too.
  if (parts_.rules.nan_policy == "skip") before_.emplace(parts_.networks);

  std::vector<double> totals;
  {
    const FrozenOthers frozen(parts_.networks, used);
    const Autocast::Cache casts;  // each parameter's is made once for the window
    parts_.backend.begin_update(used.networks);
    const double weights = backward_all(used, loss);
    totals = end_update(used, weights);
  }
  if (!(totals[0] > 0)) throw Error("the weights given to update(\"" + used.name + "\") add up to nothing");
  if (totals[1] > 0) return refuse_or_skip(not_finite_, !not_finite_.empty());
  // Losses were scaled by the samples of the window, which all ranks know beforehand; other weights correct it here.
  apply(used, static_cast<double>(samples_) / totals[0]);
}

}  // namespace dl::host
