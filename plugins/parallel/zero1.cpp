#include "zero1.h"

#include <ATen/core/grad_mode.h>

#include "piece_states.h"

namespace parallel {

void ZeRO1::attach(const std::string& name, dl::Network& network) {
  DDP::attach(name, network);
  const at::NoGradGuard no_grad;
  auto& attached = find(name);
  auto& communicator = context_.communicator;
  // As the gradients lie.
  BucketPlan plan{{}, {}, attached.gradients->slices()};
  for (const auto& bucket : attached.gradients->buckets()) plan.elements.push_back(bucket.flat.numel());
  std::vector<dl::Tensor> trained;
  std::vector<int64_t> numels;
  for (const auto& entry : attached.tensors) {
    if (entry.buffer || !entry.tensor.requires_grad()) continue;
    trained.push_back(entry.tensor);
    numels.push_back(entry.tensor.numel());
  }
  Shard shard;
  shard.flats = flat_buckets(name, trained, plan, communicator);
  for (size_t i = 0; i < trained.size(); ++i) attached.params[i].value = trained[i].detach();
  shard.pieces = pieces_of(communicator.rank(), communicator.size(), plan.slices, numels, plan.elements);
  for (const auto& piece : shard.pieces) {
    const auto& whole = attached.params[piece.parameter];
    dl::Param param;
    param.name = whole.name;
    const auto& own = shard.flats[piece.bucket]->piece();
    param.value = own.narrow(0, piece.begin - communicator.rank() * own.numel(), piece.length);
    param.grad = attached.gradients->buckets()[piece.bucket].flat.narrow(0, piece.begin, piece.length);
    param.full_shape = whole.full_shape;
    param.offset = piece.offset;
    place_states(param, offload_);
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
  for (const auto& network : networks)
    for (auto& flat : shard(network).flats) flat->gather();
}

void ZeRO1::visit(const std::string& network, bool states, bool write, const Visitor& visitor) {
  const at::NoGradGuard no_grad;
  DDP::visit(network, false, write, visitor);
  if (!states) return;
  std::vector<dl::NamedTensor> wholes;
  for (const auto& param : find(network).params) wholes.push_back({param.name, param.value});
  auto& own = shard(network);
  visit_piece_states(context_, wholes, own.pieces, own.params, offload_.get(), write, visitor);
}

}  // namespace parallel
