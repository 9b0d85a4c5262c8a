#include "module_tensors.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "dl/error.h"

namespace parallel {

namespace {

struct Listing {
  std::vector<ModuleTensor> tensors;
  std::unordered_map<const c10::TensorImpl*, size_t> index;

  void add(std::string name, const dl::Tensor& tensor, bool buffer) {
    if (!tensor.defined()) return;  // registered as absent, such as the bias of a layer without one
    const auto [found, added] = index.emplace(tensor.unsafeGetTensorImpl(), tensors.size());
    if (added)
      tensors.push_back({std::move(name), {}, tensor, buffer});
    else
      tensors[found->second].aliases.push_back(std::move(name));
  }
  void add(const torch::nn::Module& module, const std::string& prefix) {
    for (const auto& item : module.named_parameters(/*recurse=*/false)) add(prefix + item.key(), item.value(), false);
    for (const auto& item : module.named_buffers(/*recurse=*/false)) add(prefix + item.key(), item.value(), true);
    for (const auto& item : module.named_children())
      if (item.value()) add(*item.value(), prefix + item.key() + ".");
  }
};

}  // namespace

std::vector<ModuleTensor> module_tensors(const torch::nn::Module& module) {
  Listing listing;
  listing.add(module, "");
  return std::move(listing.tensors);
}

void check_trainable(const std::string& network, const ModuleTensor& parameter,
                     std::span<const at::ScalarType> dtypes) {
  if (std::find(dtypes.begin(), dtypes.end(), parameter.tensor.scalar_type()) != dtypes.end()) return;
  std::string known;
  for (const auto dtype : dtypes) known += (known.empty() ? "" : ", ") + std::string(c10::toString(dtype));
  throw dl::Error("network \"" + network + "\": parameter " + parameter.name + " is " +
                  c10::toString(parameter.tensor.scalar_type()) + "; the backend holds " + known);
}

}  // namespace parallel
