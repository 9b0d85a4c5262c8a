#include "core/observed.h"

#include "core/exception_text.h"
#include "core/shape_text.h"
#include "dl/error.h"

namespace dl::host {
namespace {

/// In a catch block: what failed, and LibTorch's or the class's own words.
[[noreturn]] void explain(const std::string& what, const Tensors& inputs, const ShapeTrace& trace) {
  const auto inside = trace.failed().empty() ? "" : ", in " + trace.failed();
  throw Error(what + ", given " + shapes_text(inputs) + inside + ": " + exception_text());
}

}  // namespace

ObservedNetwork::ObservedNetwork(std::string what, std::shared_ptr<Network> network, Observer& observer)
    : what_(std::move(what)), network_(register_module("observed", std::move(network))), observer_(observer) {}

Tensors ObservedNetwork::forward(const Tensors& inputs) {
  try {
    const auto first = observer_.trace.layers().size();
    const ShapeTrace::Listen listen(observer_.trace);
    auto outputs = network_->forward(inputs);
    observer_.print(what_ + ": " + shapes_text(inputs) + " -> " + shapes_text(outputs));
    const auto& layers = observer_.trace.layers();
    for (size_t i = first; observer_.layers && i < layers.size(); ++i)
      observer_.print("  " + layers[i].name + " (" + layers[i].operation + "): " + layers[i].input + " -> " +
                      layers[i].output);
    return outputs;
  } catch (...) {
    explain(what_, inputs, observer_.trace);
  }
}

ObservedLoss::ObservedLoss(std::string what, std::shared_ptr<Loss> loss, Observer& observer)
    : what_(std::move(what)), loss_(std::move(loss)), observer_(observer) {}

Tensor ObservedLoss::operator()(const Tensor& prediction, const Tensor& target) {
  try {
    auto value = (*loss_)(prediction, target);
    observer_.print(what_ + ": " + shapes_text({prediction, target}) + " -> " + shape_text(value));
    return value;
  } catch (...) {
    explain(what_, {prediction, target}, observer_.trace);
  }
}

ObservedResources::ObservedResources(std::map<std::string, std::shared_ptr<Network>> networks,
                                     std::map<std::string, std::shared_ptr<Loss>> losses, Resources& real)
    : networks_(std::move(networks)), losses_(std::move(losses)), real_(real) {
  for (const auto& [name, network] : networks_) asked_["network " + name] = false;
  for (const auto& [name, loss] : losses_) asked_["loss " + name] = false;
}

Network& ObservedResources::network(std::string_view role) {
  const auto found = networks_.find(std::string(role));
  if (found == networks_.end()) return real_.network(role);
  asked_["network " + found->first] = true;
  return *found->second;
}

Loss& ObservedResources::loss(std::string_view role) {
  const auto found = losses_.find(std::string(role));
  if (found == losses_.end()) return real_.loss(role);
  asked_["loss " + found->first] = true;
  return *found->second;
}

std::vector<std::string> ObservedResources::unused() const {
  std::vector<std::string> out;
  for (const auto& [what, asked] : asked_)
    if (!asked) out.push_back(what);
  return out;
}

}  // namespace dl::host
