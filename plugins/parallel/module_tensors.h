#pragma once
#include <torch/nn/module.h>

#include <span>
#include <string>
#include <vector>

#include "dl/tensor.h"

namespace parallel {

struct ModuleTensor {
  std::string name;                  ///< as in PyTorch's `state_dict`
  std::vector<std::string> aliases;  ///< further names of the same tensor, where modules share it
  dl::Tensor tensor;
  bool buffer = false;
};

/// Parameters and buffers in the order of PyTorch's `state_dict` (torch.nn.Module.state_dict): a module's parameters,
/// its buffers, then its submodules. A tensor that is registered more than once is listed once, under its first name.
std::vector<ModuleTensor> module_tensors(const torch::nn::Module& module);

/// Throws Error, naming the parameter, unless it is of one of these types.
void check_trainable(const std::string& network, const ModuleTensor& parameter, std::span<const at::ScalarType> dtypes);

}  // namespace parallel
