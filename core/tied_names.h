#pragma once
#include <torch/nn/module.h>

#include <map>
#include <string>

namespace dl::host {

/// Further names of parameters and buffers that a network registers more than once, each with the first one (in the
/// order of PyTorch's `state_dict`), under which a checkpoint keeps them.
std::map<std::string, std::string> tied_names(const torch::nn::Module& network);

}  // namespace dl::host
