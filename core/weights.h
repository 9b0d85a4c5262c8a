#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/checkpoint_sink.h"
#include "dl/backend.h"

namespace dl::host {

using Networks = std::map<std::string, std::shared_ptr<Network>>;

/// The file of a network's weights in a checkpoint: `model.safetensors` for "main", `model.NAME.safetensors` for
/// others.
std::string weights_file_name(const std::string& network);

/// Hands on each network's parameters and buffers by PyTorch's `state_dict` names. A tensor of several names is there
/// once; the file's metadata has each further name with the first, as safetensors.torch.save_model does. All ranks.
void save_weights(Backend& backend, const Networks& networks, CheckpointSink& sink);

/// Reads them back from a checkpoint's `folder`, on all ranks. Throws Error that lists missing, unexpected and
/// mis-shaped names before anything is overwritten.
void load_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder);

}  // namespace dl::host
