#pragma once
#include <c10/core/ScalarType.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::host {

/// "FloatStorage" for at::kFloat: the class by which `torch.save` tells a tensor's type. Throws Error for a type that
/// has none.
std::string torch_storage_name(c10::ScalarType dtype);

/// The inverse, of "torch FloatStorage"; nothing for any other text.
std::optional<c10::ScalarType> torch_storage_dtype(std::string_view global);

std::vector<std::string> torch_storage_names();

}  // namespace dl::host
