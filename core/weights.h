#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "dl/backend.h"

namespace dl::host {

using Networks = std::map<std::string, std::shared_ptr<Network>>;

/// Writes each network's parameters and buffers as PyTorch's `state_dict` names: `model.safetensors` for the network
/// "main", `model.NAME.safetensors` for others, into `folder`. All ranks call it; the one with `writes` writes.
void save_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder, bool writes);

/// Reads them back, on all ranks. Throws Error that lists missing, unexpected and mis-shaped names before anything is
/// overwritten.
void load_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder);

}  // namespace dl::host
