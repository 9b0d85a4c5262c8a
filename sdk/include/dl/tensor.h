#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "dl/abi.h"

namespace dl {

using Tensor = at::Tensor;
using Tensors = std::vector<Tensor>;

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace dl
