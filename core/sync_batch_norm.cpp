#include "core/sync_batch_norm.h"

#include "core/errors.h"

namespace dl::host {
namespace {

/// "2" of a torch::nn::BatchNorm2d; "" of any other module.
std::string torch_batch_norm(const torch::nn::Module& module) {
  if (module.as<torch::nn::BatchNorm1d>()) return "1";
  if (module.as<torch::nn::BatchNorm2d>()) return "2";
  return module.as<torch::nn::BatchNorm3d>() ? "3" : "";
}

}  // namespace

std::shared_ptr<BatchNormSync> sync_batch_norms(const std::map<std::string, std::shared_ptr<Network>>& networks,
                                                Communicator& communicator) {
  auto sync = std::make_shared<BatchNormSync>(BatchNormSync{communicator});
  for (const auto& [network, root] : networks)
    for (const auto& item : root->named_modules(network)) {
      auto& module = *item.value();
      if (auto* layer = dynamic_cast<BatchNormLayer*>(&module)) layer->synchronize(sync, item.key());
      if (const auto d = torch_batch_norm(module); !d.empty())
        throw UsageError("[engine] sync_batchnorm: " + item.key() + " is a torch::nn::BatchNorm" + d +
                         "d, which sees one rank only; its network must use dl::BatchNorm" + d +
                         "d (dl/batch_norm.h), or set sync_batchnorm = false");
    }
  return sync;
}

}  // namespace dl::host
