#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/kept_buffers.h"
#include "core/log_averages.h"
#include "core/loss_scale.h"
#include "core/optimizer_slot.h"
#include "core/settings.h"
#include "core/step_requests.h"
#include "dl/backend.h"
#include "dl/error.h"
#include "dl/task.h"

namespace dl {
struct BatchNormSync;
}

namespace dl::host {

/// What an update does between the backward pass and the optimizer.
struct UpdateRules {
  std::optional<GradientClip> clip;
  bool log_norm = false;
  std::string nan_policy = "stop";  ///< or "skip", "ignore"
};

/// Another rank knows the cause, and is about to say so.
class FailedElsewhere : public Error {
 public:
  using Error::Error;
};

/// What the steps of a run work on. References live as long as the run.
struct StepParts {
  Backend& backend;
  std::map<std::string, std::shared_ptr<Network>>& networks;
  std::vector<OptimizerSlot>& optimizers;
  LogAverages& log;
  uint64_t seed;
  int rank;
  UpdateRules rules;
  Communicator* control = nullptr;  ///< sums norms over ranks where the backend cuts parameters; null: one rank
  StepRequests* requests = nullptr;
  std::optional<at::ScalarType> autocast = std::nullopt;  ///< of the forward passes
  const LossScale* loss_scale = nullptr;                  ///< null: there is none
  BatchNormSync* batch_norm_sync = nullptr;               ///< null: batch norms are not synchronised
  at::Device device = at::kCPU;                           ///< whose generator dropout draws from, beside the CPU's
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
  /// Updates that were left out because a loss or a gradient was NaN or infinite.
  int64_t skipped() const { return skipped_; }
  /// With a loss scale: gradients were, of losses that nan_policy let pass.
  bool overflowed() const { return overflowed_; }

 private:
  StepLoss forward(const Batch& batch, const std::function<StepLoss(const Batch&)>& loss) const;
  /// Returns the weight of this rank's micro-batches.
  double backward_all(const OptimizerSlot& slot, const std::function<StepLoss(const Batch&)>& loss);
  /// The totals of this update, summed over ranks: the weights, micro-batches with a loss that is not finite, and what
  /// ranks ask for.
  std::vector<double> end_update(const OptimizerSlot& slot, double weights);
  void apply(OptimizerSlot& slot, double scale);
  /// The factor that the rules put on the gradients; 0 to leave the update out.
  double clip(const OptimizerSlot& slot, std::span<Param* const> params, double scale);
  void refuse_or_skip(const std::string& what, bool here);
  void seed_generators() const;

  const StepParts& parts_;
  const std::vector<Batch>& window_;
  int64_t samples_;
  Progress progress_;
  int64_t updates_ = 0, skipped_ = 0;
  bool overflowed_ = false;
  std::string not_finite_;             ///< the first such loss of this rank, in words
  std::optional<KeptBuffers> before_;  ///< what an update that is left out goes back to
};

}  // namespace dl::host
