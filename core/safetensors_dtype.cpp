#include "core/safetensors_dtype.h"

#include <algorithm>
#include <array>

#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {

namespace {

struct DtypeName {
  const char* name;
  c10::ScalarType dtype;
};

constexpr std::array kDtypes = {
    DtypeName{"BOOL", c10::ScalarType::Bool},
    DtypeName{"U8", c10::ScalarType::Byte},
    DtypeName{"I8", c10::ScalarType::Char},
    DtypeName{"I16", c10::ScalarType::Short},
    DtypeName{"U16", c10::ScalarType::UInt16},
    DtypeName{"F16", c10::ScalarType::Half},
    DtypeName{"BF16", c10::ScalarType::BFloat16},
    DtypeName{"I32", c10::ScalarType::Int},
    DtypeName{"U32", c10::ScalarType::UInt32},
    DtypeName{"F32", c10::ScalarType::Float},
    DtypeName{"C64", c10::ScalarType::ComplexFloat},
    DtypeName{"F64", c10::ScalarType::Double},
    DtypeName{"I64", c10::ScalarType::Long},
    DtypeName{"U64", c10::ScalarType::UInt64},
    DtypeName{"F8_E4M3", c10::ScalarType::Float8_e4m3fn},
    DtypeName{"F8_E5M2", c10::ScalarType::Float8_e5m2},
};

}  // namespace

std::string safetensors_dtype(c10::ScalarType dtype) {
  for (const auto& known : kDtypes)
    if (dtype == known.dtype) return known.name;
  throw Error("a safetensors file can't hold the type " + std::string(c10::toString(dtype)) + ", only " +
              known_safetensors_dtypes());
}

std::optional<c10::ScalarType> find_safetensors_dtype(std::string_view name) {
  for (const auto& known : kDtypes)
    if (name == known.name) return known.dtype;
  return std::nullopt;
}

std::string known_safetensors_dtypes() {
  std::vector<std::string> names;
  names.reserve(kDtypes.size());
  for (const auto& known : kDtypes) names.emplace_back(known.name);
  return join(names);
}

std::optional<int64_t> tensor_bytes(const std::vector<int64_t>& shape, c10::ScalarType dtype) {
  if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; })) return std::nullopt;
  // A 0 anywhere makes the tensor empty, however large the other sizes are.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  auto bytes = static_cast<int64_t>(c10::elementSize(dtype));
  for (const int64_t size : shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace dl::host
