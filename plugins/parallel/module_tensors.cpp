#include "module_tensors.h"

#include <unordered_map>
#include <utility>

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

}  // namespace parallel
