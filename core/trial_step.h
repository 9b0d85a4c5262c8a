#pragma once
/// A step of training and a batch of evaluation that `dlhost check` runs to see the shapes: nothing is updated.
#include <map>
#include <set>
#include <string>

#include "core/metrics.h"
#include "core/objects.h"
#include "core/observed.h"

namespace dl::host {

/// One micro-batch, forward and backward; the optimizers don't step.
class TrialStep final : public Step {
 public:
  /// `autocast`: of the forward pass.
  TrialStep(Objects& objects, const Batch& batch, uint64_t seed, Observer& observer,
            std::optional<at::ScalarType> autocast);
  using Step::update;
  /// Checks that the loss is a finite scalar with a gradient, and prints which parameters no gradient reached.
  void update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) override;
  void log(std::string_view name, const Tensor& mean, double weight) override;
  int64_t index() const override { return 0; }
  int64_t epoch() const override { return 0; }
  Rng rng(std::string_view purpose, int64_t index) const override { return {seed_, purpose, 0, uint64_t(index)}; }
  /// The optimizers that the task has updated with.
  const std::set<std::string>& updated() const { return updated_; }

 private:
  void report(const OptimizerSlot& slot, const Tensor& loss) const;

  Objects& objects_;
  const Batch& batch_;
  uint64_t seed_;
  Observer& observer_;
  std::optional<at::ScalarType> autocast_;
  std::set<std::string> updated_;
};

/// One batch, with the config's metrics.
class TrialEvaluation final : public Evaluation {
 public:
  /// `names`: of `metrics`, such as "metrics.Accuracy".
  TrialEvaluation(const std::vector<std::shared_ptr<Metric>>& metrics, std::vector<std::string> names,
                  Observer& observer);
  void log(std::string_view name, const Tensor& mean, double weight) override;
  /// Throws Error naming the metric and the shapes where one fails.
  void metrics(const Tensor& prediction, const Tensor& target) override;
  /// What the task has logged, and the metrics' values.
  const Metrics& logged() const { return logged_; }

 private:
  const std::vector<std::shared_ptr<Metric>>& metrics_;
  std::vector<std::string> names_;
  Observer& observer_;
  Metrics logged_;
};

}  // namespace dl::host
