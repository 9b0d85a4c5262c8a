#pragma once
#include <torch/nn/module.h>

#include <functional>
#include <memory>

#include "dl/tensor.h"
#include "unit_boundary.h"

namespace parallel {

/// Runs a unit without keeping what its backward pass needs: the backward pass runs `forward` again (Chen et al.,
/// "Training Deep Nets with Sublinear Memory Cost", 2016; torch.utils.checkpoint's reentrant form). The default
/// generator and autocast are as they were in the first run, so dropout is the same, and the second run leaves the
/// buffers of `module` as they were, so a batch norm counts a batch once. Throws Error from a backward pass that is
/// itself to be differentiated. `events`: told around the backward pass; may be null.
dl::Tensors run_checkpointed(const std::shared_ptr<torch::nn::Module>& module, dl::Tensors inputs,
                             std::function<dl::Tensors(dl::Tensors)> forward, UnitEvents* events);

}  // namespace parallel
