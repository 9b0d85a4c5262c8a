#pragma once
#include <functional>

#include "dl/tensor.h"
#include "unit_boundary.h"

namespace parallel {

/// Runs a unit without keeping what its backward pass needs: the backward pass runs `forward` again (Chen et al.,
/// "Training Deep Nets with Sublinear Memory Cost", 2016; torch.utils.checkpoint's reentrant form). The default
/// generator and autocast are as they were in the first run, so dropout is the same. Throws Error from a backward pass
/// that is itself to be differentiated. `events`: told around the backward pass; may be null.
dl::Tensors run_checkpointed(dl::Tensors inputs, std::function<dl::Tensors(dl::Tensors)> forward, UnitEvents* events);

}  // namespace parallel
