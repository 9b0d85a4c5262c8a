#include "zero1.h"

#include <ATen/core/grad_mode.h>

#include "piece_states.h"

namespace parallel {

void ZeRO1::attach(const std::string& name, dl::Network& network) {
  DDP::attach(name, network);
  const at::NoGradGuard no_grad;
  auto& attached = find(name);
  auto& communicator = context_.communicator;
  const auto& slices = attached.gradients->slices();
  std::vector<int64_t> elements, numels;
  Shard shard;
  for (const auto& bucket : attached.gradients->buckets()) {
    elements.push_back(bucket.flat.numel());
    shard.flats.push_back(communicator.allocate(
        piece_length(elements.back(), communicator.size()) * communicator.size(), bucket.flat.scalar_type()));
  }
  // The parameters move into the flat buffers.
  size_t i = 0;
  for (auto& entry : attached.tensors) {
    if (entry.buffer || !entry.tensor.requires_grad()) continue;
    const auto view = view_like(entry.tensor, shard.flats[slices[i].bucket], slices[i].offset);
    view.copy_(entry.tensor);
    entry.tensor.set_data(view);
    attached.params[i].value = entry.tensor.detach();
    numels.push_back(entry.tensor.numel());
    ++i;
  }
  shard.pieces = pieces_of(communicator.rank(), communicator.size(), slices, numels, elements);
  for (const auto& piece : shard.pieces) {
    const auto& whole = attached.params[piece.parameter];
    dl::Param param;
    param.name = whole.name;
    param.value = shard.flats[piece.bucket].narrow(0, piece.begin, piece.length);
    param.grad = attached.gradients->buckets()[piece.bucket].flat.narrow(0, piece.begin, piece.length);
    param.full_shape = whole.full_shape;
    param.offset = piece.offset;
    place_states(param);
    shard.params.push_back(std::move(param));
  }
  shards_.emplace(name, std::move(shard));
}

ZeRO1::Shard& ZeRO1::shard(const std::string& network) {
  find(network);  // names what there is where there is no such network
  return shards_.at(network);
}

void ZeRO1::end_update(std::span<const std::string> networks, std::span<double> totals) {
  DDP::end_update(networks, totals);
  for (const auto& network : networks) {
    const auto& attached = find(network);
    auto& own = shard(network);
    for (size_t i = 0; i < own.pieces.size(); ++i) own.params[i].used = attached.params[own.pieces[i].parameter].used;
  }
}

void ZeRO1::after_step(std::span<const std::string> networks) {
  DDP::after_step(networks);
  auto& communicator = context_.communicator;
  if (communicator.size() == 1) return;
  for (const auto& network : networks) {
    auto& own = shard(network);
    for (size_t bucket = 0; bucket < own.flats.size(); ++bucket) {
      auto& flat = own.flats[bucket];
      const int64_t length = flat.numel() / communicator.size();
      communicator.all_gather(flat, flat.narrow(0, communicator.rank() * length, length),
                              "parameters of " + network + ", bucket " + std::to_string(bucket + 1));
    }
  }
}

void ZeRO1::visit(const std::string& network, bool states, bool write, const Visitor& visitor) {
  const at::NoGradGuard no_grad;
  DDP::visit(network, false, write, visitor);
  if (!states) return;
  std::vector<dl::NamedTensor> wholes;
  for (const auto& param : find(network).params) wholes.push_back({param.name, param.value});
  auto& own = shard(network);
  visit_piece_states(context_, wholes, own.pieces, own.params, write, visitor);
}

}  // namespace parallel
