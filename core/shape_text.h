#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace dl::host {

/// "[2, 1, 28, 28] float32".
std::string shape_text(const at::Tensor& tensor);
/// "[2, 10] float32, [2] int64".
std::string shapes_text(const std::vector<at::Tensor>& tensors);

}  // namespace dl::host
