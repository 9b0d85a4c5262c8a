#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::host {

/// "F32" for at::kFloat, and so on. Throws Error for a type that the safetensors format has no name for.
std::string safetensors_dtype(c10::ScalarType dtype);

/// The inverse; nothing where LibTorch has no such type (F4, F6 kinds) or the name means nothing.
std::optional<c10::ScalarType> find_safetensors_dtype(std::string_view name);

/// "BOOL, U8, …": all that can be read and written, for messages.
std::string known_safetensors_dtypes();

/// Bytes of a tensor of that shape; nothing where a size is negative or the product passes an int64.
std::optional<int64_t> tensor_bytes(const std::vector<int64_t>& shape, c10::ScalarType dtype);

}  // namespace dl::host
