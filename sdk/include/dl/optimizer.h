#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dl/kind.h"
#include "dl/tensor.h"

namespace dl {

/// What a scheduler changes over time.
struct Rate {
  double lr = 0;
  std::optional<double> momentum;  ///< set only for optimizers that have one
};

/// A parameter as the backend lets the optimizer see it: whole, or this rank's flat piece of it.
struct DL_API Param {
  std::string name;                 ///< as in PyTorch's `state_dict`, prefixed by nothing
  Tensor value, grad;               ///< same shape; grad is already reduced over ranks and clipped
  std::vector<int64_t> full_shape;  ///< shape of the whole parameter
  int64_t offset = 0;               ///< where this piece begins in it, in elements; pieces are cut at multiples of 64
  int64_t step = 0;                 ///< updates of this parameter, this one included: 1 at the first
  bool used = true;                 ///< false: no rank got a gradient; the host leaves it out of the update
  std::map<std::string, Tensor> states;  ///< belongs to the host: saved, resharded and offloaded by it
  /// Makes a state of `value`'s shape, zeroed: a backend may keep states elsewhere than in memory. Null: zeros_like.
  std::function<Tensor(const Tensor& value, const std::string& key)> make_state;

  /// The state `key`, made as zeros like `value` at the first use.
  Tensor& state(const std::string& key);
};

/// An in-place update of parameters. Keeps nothing between calls but what is in Param::state(). One that needs whole
/// tensors says `elementwise = false` in its traits() (plugin.h): backends that cut parameters are then refused.
class DL_API Optimizer {
 public:
  using Interface = Optimizer;
  using Context = void;
  static constexpr Kind kKind = Kind::optimizer;
  static constexpr uint32_t kAbi = 2;
  virtual ~Optimizer();

  /// The learning rate (option `lr`) and, where there is one, the momentum that the scheduler starts from.
  virtual Rate base_rate() const = 0;
  /// Changes each value in place, without autograd; `rate` is the scheduler's. All of `params` are used. Training
  /// thread.
  virtual void step(std::span<Param* const> params, const Rate& rate) = 0;
};

}  // namespace dl
