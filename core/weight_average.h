#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint_sink.h"
#include "core/optimizer_slot.h"
#include "core/settings.h"
#include "dl/backend.h"

namespace dl::host {

/// An average of the trained weights, used to evaluate and to save: exponential (EMA, as
/// torch.optim.swa_utils.get_ema_multi_avg_fn) over steps, or the plain mean over the ends of epochs (SWA, Izmailov et
/// al., 2018). Buffers of floating type are averaged likewise (AveragedModel with use_buffers = True), so batch norm
/// needs no further pass. It lies beside the optimizer's state, in pieces where the backend cuts parameters. Training
/// thread, all ranks.
class WeightAverage {
 public:
  WeightAverage(std::optional<EmaSettings> ema, std::optional<SwaSettings> swa, Backend& backend,
                std::vector<OptimizerSlot>& optimizers);

  void after_step(int64_t steps_done);
  /// `epoch`: the one that ended, from 0.
  void after_epoch(int64_t epoch);

  int64_t averaged() const { return averaged_; }
  void set_averaged(int64_t count) { averaged_ = count; }

  /// The trained buffers, while the average is in use, beside the other files of a checkpoint; and back.
  void save_buffers(CheckpointSink& sink) const;
  void load_buffers(const std::filesystem::path& folder);

  /// While it lives (they may be nested) the networks hold the average, where there is one, and the state beside them
  /// the trained weights.
  class InUse {
   public:
    explicit InUse(WeightAverage* average) : average_(average) {
      if (average_ && average_->uses_++ == 0) average_->swap();
    }
    ~InUse() {
      if (average_ && --average_->uses_ == 0) average_->swap();
    }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

   private:
    WeightAverage* average_;
  };

  /// Exchanges the networks' weights and the average; nothing while there is no average yet.
  void swap();

 private:
  /// Moves the average towards the weights: average += share × (weight - average).
  void update(double share);
  void visit_buffers(bool write, const std::function<void(Tensor& kept, Tensor& whole)>& visitor);

  std::optional<EmaSettings> ema_;
  std::optional<SwaSettings> swa_;
  Backend& backend_;
  std::vector<OptimizerSlot>& optimizers_;
  std::map<std::string, Tensor> buffers_;  ///< by "network.name", on every rank
  int64_t averaged_ = 0;
  int uses_ = 0;
};

}  // namespace dl::host
