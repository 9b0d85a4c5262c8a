#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/log_averages.h"
#include "core/optimizer_slot.h"
#include "dl/backend.h"
#include "dl/task.h"

namespace dl::host {

/// What the steps of a run work on. References live as long as the run.
struct StepParts {
  Backend& backend;
  std::map<std::string, std::shared_ptr<Network>>& networks;
  std::vector<OptimizerSlot>& optimizers;
  LogAverages& log;
  uint64_t seed;
  int rank;
};

/// One training step: the window of micro-batches, and where the run is.
class TrainStep final : public Step {
 public:
  /// `samples`: of all ranks in the window.
  TrainStep(const StepParts& parts, const std::vector<Batch>& window, int64_t samples, const Progress& progress);

  using Step::update;
  void update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) override;
  void log(std::string_view name, const Tensor& mean, double weight) override;
  int64_t index() const override { return progress_.step; }
  int64_t epoch() const override { return progress_.epoch; }
  Rng rng(std::string_view purpose, int64_t index) const override;
  bool updated() const { return updates_ > 0; }

 private:
  OptimizerSlot& slot(std::string_view name) const;
  /// Switches the gradients of networks outside `slot` off; returns the parameters to switch on again.
  Tensors freeze_others(const OptimizerSlot& slot) const;
  /// Returns the weight of this rank's micro-batches.
  double backward_all(const OptimizerSlot& slot, const std::function<StepLoss(const Batch&)>& loss);
  void apply(OptimizerSlot& slot, double scale);

  const StepParts& parts_;
  const std::vector<Batch>& window_;
  int64_t samples_;
  Progress progress_;
  int64_t updates_ = 0;
};

}  // namespace dl::host
