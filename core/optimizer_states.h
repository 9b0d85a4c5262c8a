#pragma once
#include <filesystem>

#include "core/optimizer_slot.h"
#include "dl/backend.h"

namespace dl::host {

/// The file of its states in a checkpoint: `optimizer.NAME.safetensors`.
std::string optimizer_file_name(const OptimizerSlot& slot);
/// A state's name in it: "exp_avg/layer1.0.conv1.weight", or "exp_avg/NETWORK.layer1…" where the optimizer has several
/// networks; "step/…" is how often the parameter was updated (int64).
std::string state_name(const OptimizerSlot& slot, const std::string& network, const std::string& state,
                       const std::string& parameter);

/// Reads them back on all ranks, whatever backend and rank count wrote it. Throws Error that lists what does not fit.
void load_optimizer(Backend& backend, const OptimizerSlot& slot, const std::filesystem::path& folder);

}  // namespace dl::host
