#include "core/weights.h"

#include <c10/core/GradMode.h>

#include "core/checkpoint_tensors.h"
#include "core/tied_names.h"
#include "core/weights_match.h"
#include "dl/error.h"

namespace dl::host {

std::string weights_file_name(const std::string& network) {
  return network == "main" ? "model.safetensors" : "model." + network + ".safetensors";
}

void load_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder) {
  const at::NoGradGuard no_grad;
  std::map<std::string, WeightsFile> files;
  for (const auto& [network, module] : networks) {
    const auto stored = std::make_shared<CheckpointTensors>(folder, weights_file_name(network));
    const auto& file = files[network] = {.path = stored->path(),
                                         .tensors = stored->tensors(),
                                         .read = [stored](const std::string& name) { return stored->read(name); }};
    const auto match = match_weights(backend, network, tied_names(*module), file, "", false);
    if (const auto text = match.differences(); !text.empty())
      throw Error(file.path.string() + ": does not fit the network \"" + network + "\":" + text);
  }
  for (const auto& [network, module] : networks) {
    const auto& file = files[network];
    backend.visit(network, false, true,
                  [&](const NetworkEntry& entry, Tensor& whole) { whole.copy_(file.read(entry.name)); });
  }
}

}  // namespace dl::host
