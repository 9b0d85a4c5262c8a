#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "dl/backend.h"

namespace dl::host {

using Networks = std::map<std::string, std::shared_ptr<Network>>;

/// The file of a network's weights in a checkpoint: `model.safetensors` for "main", `model.NAME.safetensors` for
/// others.
std::string weights_file_name(const std::string& network);

/// Reads each network's weights back from a checkpoint's `folder`, on all ranks. Throws Error that lists missing,
/// unexpected and mis-shaped names before anything is overwritten.
void load_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder);

}  // namespace dl::host
