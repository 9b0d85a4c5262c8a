#pragma once
#include <ATen/ops/zeros.h>

#include "core/self_communicator.h"
#include "core/weights.h"
#include "parallel/networks.h"
#include "plugins/parallel/ddp.h"

/// A network as a run holds it, on one rank.
template <class Network>
struct Held {
  explicit Held(std::shared_ptr<Network> made, at::ScalarType dtype = at::kFloat) : network(std::move(made)) {
    for (auto& tensors : {network->parameters(), network->buffers()})  // as the host's default type makes them
      for (auto& tensor : tensors)
        if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(dtype));
    ddp.attach("main", *network);
    networks["main"] = network;
  }
  /// By its name in `state_dict`.
  dl::Tensor operator[](const std::string& name) const {
    for (const auto& item : network->named_parameters())
      if (item.key() == name) return item.value().detach();
    return network->named_buffers()[name];
  }

  dl::SelfCommunicator self;
  std::shared_ptr<Network> network;
  parallel::DDP ddp{{}, dl::BackendContext{self, self, at::kCPU}};
  dl::host::Networks networks;
};
