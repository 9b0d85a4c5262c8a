#pragma once
#include <filesystem>

#include "dl/network.h"

namespace dl::host {

/// Writes `network`, in evaluation mode, as a TorchScript file, which `torch.jit.load` opens in Python and C++ without
/// the class that it was made of. Its computation is traced with `inputs` (batch first, two samples at least), so what
/// it decides by itself, such as a loop over layers, is fixed; its state_dict has the network's names. One output is a
/// tensor, several are a tuple.
/// Throws Error where the network gives other results than its trace on one sample, or on more than in `inputs`.
void write_torchscript(const std::filesystem::path& path, Network& network, const Tensors& inputs);

}  // namespace dl::host
