#include "core/checkpoint_save.h"

#include <c10/core/GradMode.h>

#include "core/optimizer_states.h"
#include "core/tied_names.h"

namespace dl::host {

void save_networks(Backend& backend, const Networks& networks, const std::vector<OptimizerSlot>& optimizers,
                   CheckpointSink& sink) {
  const at::NoGradGuard no_grad;
  CheckpointSink::Files files;
  for (const auto& [network, module] : networks) {
    auto& metadata = files[weights_file_name(network)];
    metadata = tied_names(*module);
    metadata["format"] = "pt";
  }
  std::map<std::string, const OptimizerSlot*> updates;  // by network
  for (const auto& slot : optimizers) {
    files[optimizer_file_name(slot)] = {};
    for (const auto& network : slot.networks) updates[network] = &slot;
  }
  sink.add(files, [&](const CheckpointSink::Visitor& visitor) {
    for (const auto& [network, module] : networks) {
      const auto found = updates.find(network);
      const OptimizerSlot* slot = found == updates.end() ? nullptr : found->second;
      const auto weights = weights_file_name(network);
      backend.visit(network, slot != nullptr, false, [&](const NetworkEntry& entry, Tensor& whole) {
        if (entry.type == NetworkEntry::Type::state)
          visitor(optimizer_file_name(*slot), state_name(*slot, network, entry.state, entry.name), whole);
        else
          visitor(weights, entry.name, whole);
      });
    }
  });
}

}  // namespace dl::host
