#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/safetensors_file.h"
#include "core/safetensors_writer.h"
#include "dl/tensor.h"

namespace dl::host {

/// Writes a whole safetensors file (replacing one at `path`), fsynced. The header keeps the order of `tensors`. Tensors
/// of any device and strides; at most one of them is copied at a time. Throws Error that names the file and the tensor.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace dl::host
