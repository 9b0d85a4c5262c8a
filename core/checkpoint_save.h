#pragma once
#include <vector>

#include "core/checkpoint_sink.h"
#include "core/optimizer_slot.h"
#include "core/weights.h"
#include "dl/backend.h"

namespace dl::host {

/// Hands on each network's parameters and buffers by PyTorch's `state_dict` names, and each of its optimizer's states
/// whole (weights.h, optimizer_states.h). A tensor of several names is there once; the weights' metadata has each
/// further name with the first, as safetensors.torch.save_model does. Each network is visited once. All ranks.
void save_networks(Backend& backend, const Networks& networks, const std::vector<OptimizerSlot>& optimizers,
                   CheckpointSink& sink);

}  // namespace dl::host
