#include "core/weights.h"

#include <c10/core/GradMode.h>

#include <set>
#include <vector>

#include "core/safetensors.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {
namespace {

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& network) {
  return folder / (network == "main" ? "model.safetensors" : "model." + network + ".safetensors");
}

/// Everything that does not fit, one line each.
std::string differences(Backend& backend, const std::string& network, const SafetensorsFile& file) {
  std::string text;
  std::set<std::string> known;
  std::vector<std::string> names;
  for (const auto& stored : file.tensors()) names.push_back(stored.name);
  backend.visit(network, false, false, [&](const NetworkEntry& entry, Tensor& whole) {
    known.insert(entry.name);
    if (!file.contains(entry.name)) {
      text += "\n  missing: " + entry.name + " " + c10::str(whole.sizes()) + did_you_mean(entry.name, names);
    } else if (const auto& stored = file.entry(entry.name); at::IntArrayRef(stored.shape) != whole.sizes()) {
      text += "\n  other shape: " + entry.name + " is " + c10::str(at::IntArrayRef(stored.shape)) + " in the file, " +
              c10::str(whole.sizes()) + " in the network";
    }
  });
  for (const auto& name : names)
    if (!known.count(name)) text += "\n  unexpected: " + name;
  return text;
}

}  // namespace

void save_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder, bool writes) {
  const at::NoGradGuard no_grad;
  for (const auto& [network, module] : networks) {
    std::vector<TensorDeclaration> declared;
    backend.visit(network, false, false, [&](const NetworkEntry& entry, Tensor& whole) {
      declared.push_back({entry.name, whole.scalar_type(), whole.sizes().vec()});
    });
    std::unique_ptr<SafetensorsWriter> writer;
    if (writes)
      writer = std::make_unique<SafetensorsWriter>(file_of(folder, network), declared,
                                                   std::map<std::string, std::string>{{"format", "pt"}});
    backend.visit(network, false, false, [&](const NetworkEntry& entry, Tensor& whole) {
      if (writer) writer->write(entry.name, whole);
    });
    if (writer) writer->finish();
  }
}

void load_weights(Backend& backend, const Networks& networks, const std::filesystem::path& folder) {
  const at::NoGradGuard no_grad;
  for (const auto& [network, module] : networks) {
    const SafetensorsFile file(file_of(folder, network));
    if (const auto text = differences(backend, network, file); !text.empty())
      throw Error(file.path().string() + ": does not fit the network \"" + network + "\":" + text);
  }
  for (const auto& [network, module] : networks) {
    const SafetensorsFile file(file_of(folder, network));
    backend.visit(network, false, true,
                  [&](const NetworkEntry& entry, Tensor& whole) { whole.copy_(file.read(entry.name)); });
  }
}

}  // namespace dl::host
