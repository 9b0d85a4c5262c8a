#pragma once
#include "dl/tensor.h"

namespace parallel {

/// What a unit's graph needs around its backward pass. Training thread, or autograd's.
class UnitEvents {
 public:
  virtual ~UnitEvents() = default;
  /// Gradients reach the unit's outputs: its parameters are needed.
  virtual void enter() = 0;
  /// Gradients leave by the unit's inputs: the parameters are not needed any more.
  virtual void leave() = 0;
};

/// Identity nodes of autograd around a unit: mark its inputs with `inputs_of`, its outputs with `outputs_of`, and a
/// backward pass says when it enters and leaves. A backward pass through the backward pass (create_graph, as a gradient
/// penalty needs it) goes the other way, and says so too. Tensors without a gradient are handed through. `events` must
/// outlive the graph.
dl::Tensors inputs_of(UnitEvents& events, dl::Tensors inputs);
dl::Tensors outputs_of(UnitEvents& events, dl::Tensors outputs);

}  // namespace parallel
