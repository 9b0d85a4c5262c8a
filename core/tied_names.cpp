#include "core/tied_names.h"

#include <unordered_map>

namespace dl::host {
namespace {

struct Listing {
  std::unordered_map<const c10::TensorImpl*, std::string> first;
  std::map<std::string, std::string> tied;

  void add(const std::string& name, const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    const auto [found, added] = first.emplace(tensor.unsafeGetTensorImpl(), name);
    if (!added) tied[name] = found->second;
  }
  void add(const torch::nn::Module& module, const std::string& prefix) {
    for (const auto& item : module.named_parameters(/*recurse=*/false)) add(prefix + item.key(), item.value());
    for (const auto& item : module.named_buffers(/*recurse=*/false)) add(prefix + item.key(), item.value());
    for (const auto& item : module.named_children())
      if (item.value()) add(*item.value(), prefix + item.key() + ".");
  }
};

}  // namespace

std::map<std::string, std::string> tied_names(const torch::nn::Module& network) {
  Listing listing;
  listing.add(network, "");
  return std::move(listing.tied);
}

}  // namespace dl::host
