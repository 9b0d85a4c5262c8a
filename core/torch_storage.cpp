#include "core/torch_storage.h"

#include <array>

#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

struct StorageName {
  const char* name;
  c10::ScalarType dtype;
};

// torch/storage.py: _dtype_to_storage_type_map, what a CPU tensor of a state_dict can be.
constexpr std::array kStorages = {
    StorageName{"FloatStorage", c10::ScalarType::Float},
    StorageName{"DoubleStorage", c10::ScalarType::Double},
    StorageName{"HalfStorage", c10::ScalarType::Half},
    StorageName{"BFloat16Storage", c10::ScalarType::BFloat16},
    StorageName{"LongStorage", c10::ScalarType::Long},
    StorageName{"IntStorage", c10::ScalarType::Int},
    StorageName{"ShortStorage", c10::ScalarType::Short},
    StorageName{"CharStorage", c10::ScalarType::Char},
    StorageName{"ByteStorage", c10::ScalarType::Byte},
    StorageName{"BoolStorage", c10::ScalarType::Bool},
    StorageName{"ComplexFloatStorage", c10::ScalarType::ComplexFloat},
    StorageName{"ComplexDoubleStorage", c10::ScalarType::ComplexDouble},
};

}  // namespace

std::string torch_storage_name(c10::ScalarType dtype) {
  for (const auto& known : kStorages)
    if (known.dtype == dtype) return known.name;
  throw Error("a .pt file can't hold the type " + std::string(c10::toString(dtype)) + ", only " +
              join(torch_storage_names()));
}

std::optional<c10::ScalarType> torch_storage_dtype(std::string_view global) {
  for (const auto& known : kStorages)
    if (global == std::string("torch ") + known.name) return known.dtype;
  return std::nullopt;
}

std::vector<std::string> torch_storage_names() {
  std::vector<std::string> names;
  names.reserve(kStorages.size());
  for (const auto& known : kStorages) names.emplace_back(known.name);
  return names;
}

}  // namespace dl::host
