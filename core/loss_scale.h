#pragma once
#include <span>

#include "core/settings.h"
#include "dl/communicator.h"
#include "dl/optimizer.h"

namespace dl::host {

/// The factor on the loss that keeps gradients in float16 from vanishing: the rule of torch.amp.GradScaler. An overflow
/// (an infinite or NaN gradient) takes it back by backoff_factor, growth_interval steps without one let it grow.
class LossScale {
 public:
  struct State {
    double scale = 0;
    int64_t growth_tracker = 0;  ///< steps without an overflow since the last change
  };

  explicit LossScale(const LossScaleSettings& settings) : settings_(settings), state_{settings.init_scale, 0} {}

  double scale() const { return state_.scale; }
  const State& state() const { return state_; }
  void load(const State& state) { state_ = state; }
  /// After a step. Throws Error where the scale would fall below min_loss_scale.
  void update(bool overflowed);

 private:
  LossScaleSettings settings_;
  State state_;
};

/// Multiplies all gradients by `factor`, in place. True if an element was infinite or NaN; what it holds is then of no
/// use. `control`: given where the parameters are pieces, to agree over ranks (all ranks call it then); null otherwise.
bool unscale(std::span<Param* const> params, double factor, Communicator* control);

}  // namespace dl::host
