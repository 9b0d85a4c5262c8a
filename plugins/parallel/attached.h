#pragma once
#include <string>

#include "dl/error.h"
#include "dl/tensor.h"

namespace parallel {

/// What a backend keeps of `network`. Throws Error that names the networks there are.
template <class Map>
typename Map::mapped_type& attached(Map& networks, const std::string& network) {
  const auto found = networks.find(network);
  if (found != networks.end()) return found->second;
  std::string known;
  for (const auto& [name, unused] : networks) known += (known.empty() ? "" : ", ") + name;
  throw dl::Error("no network \"" + network + "\" is attached; there are: " + known);
}

/// Throws Error on a backward() that has no place in an update, or on nothing that is trained in it.
inline void check_backward(const dl::Tensor& loss, bool updating, bool last_seen) {
  if (!updating || last_seen)
    throw dl::Error(last_seen ? "backward() after the last micro-batch of an update" : "backward() outside an update");
  if (!loss.requires_grad())
    throw dl::Error("the loss does not depend on any parameter that is trained in this update");
}

}  // namespace parallel
