#pragma once
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "dl/tensor.h"

namespace dl::host {

/// A tensor that lies in a file.
struct StoredTensor {
  std::string name;
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;
};

/// Named tensors of one network in a file, whatever its form. All that the file says of itself was checked.
struct WeightsFile {
  std::filesystem::path path;
  std::vector<StoredTensor> tensors;               ///< in the file's order; each name once
  std::vector<std::string> others;                 ///< names in the same dict that hold no tensor
  std::string part;                                ///< of a dict of dicts: the key that held the tensors, else ""
  std::function<Tensor(const std::string&)> read;  ///< a new contiguous CPU tensor of the stored type and shape
};

/// Opens a file of weights by what is in it, not by its name: safetensors, or what Python's `torch.save` writes of a
/// state_dict (or of a dict that has one, such as a Lightning checkpoint), in its zip form or the one before. No code
/// in it is run: see PickleReader. Throws Error with the file on everything else.
WeightsFile open_weights(const std::filesystem::path& path);

}  // namespace dl::host
