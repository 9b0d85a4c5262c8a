#pragma once
#include <filesystem>

#include "core/checkpoint_sink.h"
#include "core/optimizer_slot.h"
#include "dl/backend.h"

namespace dl::host {

/// Hands on `optimizer.NAME.safetensors`: each state of each parameter whole, as
/// "exp_avg/layer1.0.conv1.weight", or "exp_avg/NETWORK.layer1…" where the optimizer has several networks; "step/…" is
/// how often the parameter was updated (int64). All ranks.
void save_optimizer(Backend& backend, const OptimizerSlot& slot, CheckpointSink& sink);

/// Reads it back on all ranks, whatever backend and rank count wrote it. Throws Error that lists what does not fit.
void load_optimizer(Backend& backend, const OptimizerSlot& slot, const std::filesystem::path& folder);

}  // namespace dl::host
