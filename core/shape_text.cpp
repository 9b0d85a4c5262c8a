#include "core/shape_text.h"

#include <c10/util/StringUtil.h>

#include "dl/problems.h"

namespace dl::host {
namespace {

/// "Float" is what C++ calls it; users of configs and of PyTorch know "float32".
std::string dtype_text(at::ScalarType type) {
  switch (type) {
    case at::kByte:
      return "uint8";
    case at::kChar:
      return "int8";
    case at::kShort:
      return "int16";
    case at::kInt:
      return "int32";
    case at::kLong:
      return "int64";
    case at::kHalf:
      return "float16";
    case at::kFloat:
      return "float32";
    case at::kDouble:
      return "float64";
    case at::kBFloat16:
      return "bfloat16";
    case at::kBool:
      return "bool";
    default:
      return c10::toString(type);
  }
}

}  // namespace

std::string shape_text(const at::Tensor& tensor) {
  return tensor.defined() ? c10::str(tensor.sizes()) + " " + dtype_text(tensor.scalar_type()) : "no tensor";
}

std::string shapes_text(const std::vector<at::Tensor>& tensors) {
  std::vector<std::string> words;
  for (const auto& tensor : tensors) words.push_back(shape_text(tensor));
  return words.empty() ? "nothing" : join(words);
}

}  // namespace dl::host
