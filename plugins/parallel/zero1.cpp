#include "zero1.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "dl/error.h"

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
  auto& attached = find(network);
  auto& own = shard(network);
  std::vector<size_t> parameters;
  for (const auto& piece : own.pieces) parameters.push_back(piece.parameter);
  const auto entries = all_states(context_.control, own.params, parameters);

  // How often each parameter was updated: whoever holds a piece of it knows.
  dl::Tensor steps = at::full({static_cast<int64_t>(attached.params.size())}, 0, at::kLong);
  auto* counts = steps.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < own.pieces.size(); ++i) counts[parameters[i]] = own.params[i].step;
  if (context_.control.size() > 1) context_.control.all_reduce(steps, dl::ReduceOp::max, "counts of updates");

  auto entry = entries.begin();
  for (size_t parameter = 0; parameter < attached.params.size(); ++parameter) {
    auto step = at::full({}, counts[parameter], at::kLong);
    visitor({dl::NetworkEntry::Type::state, attached.params[parameter].name, "step"}, step);
    if (write)
      for (size_t i = 0; i < own.pieces.size(); ++i)
        if (parameters[i] == parameter) own.params[i].step = step.item<int64_t>();
    for (; entry != entries.end() && entry->parameter == parameter; ++entry)
      visit_state(attached, own, *entry, write, visitor);
  }
}

/// Puts a state together from its pieces, in rank order, and takes this rank's back.
void ZeRO1::visit_state(Attached& attached, Shard& own, const StateEntry& entry, bool write, const Visitor& visitor) {
  const auto& parameter = attached.params[entry.parameter];
  dl::Tensor none = at::full({0}, 0, parameter.value.options().dtype(entry.dtype)), *state = &none;
  int64_t offset = 0;
  for (size_t i = 0; i < own.pieces.size(); ++i)
    if (own.pieces[i].parameter == entry.parameter) {
      state = &own.params[i].state(entry.key);
      offset = own.pieces[i].offset;
    }
  const auto flat = context_.communicator.all_gather_rows(state->view({-1}), entry.key + " of " + parameter.name);
  const auto laid_out = view_like(parameter.value, flat, 0);
  dl::Tensor whole = laid_out;
  visitor({dl::NetworkEntry::Type::state, parameter.name, entry.key}, whole);
  if (!write) return;
  if (!whole.defined() || whole.sizes() != parameter.value.sizes())
    throw dl::Error(parameter.name + " (" + entry.key + ") has the shape " + c10::str(parameter.value.sizes()) +
                    ", the value written to it " + (whole.defined() ? c10::str(whole.sizes()) : "is undefined"));
  if (!whole.is_same(laid_out)) laid_out.copy_(whole);
  state->view({-1}).copy_(flat.narrow(0, offset, state->numel()));
}

}  // namespace parallel
