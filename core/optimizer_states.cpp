#include "core/optimizer_states.h"

#include <c10/core/GradMode.h>

#include <set>
#include <vector>

#include "core/checkpoint_tensors.h"
#include "dl/error.h"

namespace dl::host {

std::string optimizer_file_name(const OptimizerSlot& slot) { return "optimizer." + slot.name + ".safetensors"; }

std::string state_name(const OptimizerSlot& slot, const std::string& network, const std::string& state,
                       const std::string& parameter) {
  return state + "/" + (slot.networks.size() > 1 ? network + "." : "") + parameter;
}

namespace {

/// Calls `visitor` with each state's name in the file.
void visit_states(Backend& backend, const OptimizerSlot& slot, bool write,
                  const std::function<void(const std::string& name, Tensor& whole)>& visitor) {
  for (const auto& network : slot.networks)
    backend.visit(network, true, write, [&](const NetworkEntry& entry, Tensor& whole) {
      if (entry.type == NetworkEntry::Type::state) visitor(state_name(slot, network, entry.state, entry.name), whole);
    });
}

}  // namespace

void load_optimizer(Backend& backend, const OptimizerSlot& slot, const std::filesystem::path& folder) {
  const at::NoGradGuard no_grad;
  const CheckpointTensors file(folder, optimizer_file_name(slot));
  std::set<std::string> states, unread;
  for (const auto& stored : file.tensors()) {
    states.insert(stored.name.substr(0, stored.name.find('/')));
    unread.insert(stored.name);
  }
  states.erase("step");
  // The states are made here, so that the visit finds them.
  for (const auto& network : slot.networks)
    for (auto& param : backend.params(network))
      for (const auto& state : states)
        if (file.contains(state_name(slot, network, state, param.name))) param.state(state);
  std::string wrong;
  visit_states(backend, slot, true, [&](const std::string& name, Tensor& whole) {
    if (!file.contains(name)) return;  // a parameter that was never updated
    unread.erase(name);
    const auto& shape = file.entry(name).shape;
    if (at::IntArrayRef(shape) != whole.sizes())
      wrong += "\n  other shape: " + name + " is " + c10::str(at::IntArrayRef(shape)) + " in the file, " +
               c10::str(whole.sizes()) + " in the run";
    else
      whole.copy_(file.read(name));
  });
  for (const auto& name : unread) wrong += "\n  unexpected: " + name;
  if (!wrong.empty()) throw Error(file.path().string() + ": does not fit the optimizer \"" + slot.name + "\":" + wrong);
}

}  // namespace dl::host
