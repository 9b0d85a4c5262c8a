#include "sharded_network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <set>
#include <utility>

#include "bucket.h"
#include "dl/error.h"
#include "flat_broadcast.h"
#include "piece_states.h"
#include "visiting.h"

namespace parallel {

ShardedNetwork::ShardedNetwork(const std::string& name, std::vector<ModuleTensor> tensors,
                               std::vector<std::unique_ptr<FlatParameters>> units,
                               std::span<const at::ScalarType> dtypes, const Options& options,
                               const dl::BackendContext& context, std::function<void()> filled)
    : context_(context), options_(options), tensors_(std::move(tensors)), filled_(std::move(filled)) {
  for (auto& unit : units) add_group(std::move(unit));
  // Units' gradients come from the last one back, and those of what is in no unit last.
  for (size_t i = groups_.size(); i-- > 0;) order_.push_back(i);
  group_whole(name);
  for (size_t i = order_.size(); i < groups_.size(); ++i) order_.push_back(i);
  incomplete_ = order_;

  std::vector<dl::Tensor> leaves;
  for (const auto& entry : tensors_) {
    if (entry.buffer || !entry.tensor.requires_grad()) continue;
    check_trainable(name, entry, dtypes);
    leaves.push_back(entry.tensor);
    trained_.push_back({entry.name, entry.tensor.detach()});
    places_.push_back(lies_.at(entry.tensor.unsafeGetTensorImpl()));
  }
  if (leaves.empty())
    throw dl::Error("network \"" + name + "\" has no parameters that require grad, so there is nothing to train in it");
  cut();
  hooks_.emplace(leaves, [this](size_t parameter, bool has_gradient) { arrived(parameter, has_gradient); });
}

void ShardedNetwork::add_group(std::unique_ptr<FlatParameters> parameters, bool late) {
  for (size_t i = 0; i < parameters->parameters().size(); ++i)
    lies_[parameters->parameters()[i].unsafeGetTensorImpl()] = {groups_.size(), i};
  auto gradient = std::make_unique<FlatGradient>(*parameters, options_.wire, late);
  groups_.push_back({std::move(parameters), std::move(gradient)});
}

/// Trained parameters that are in no group yet, in buckets; rank 0's values of all that stays whole.
void ShardedNetwork::group_whole(const std::string& name) {
  std::vector<dl::Tensor> whole, trained, shared;
  for (const auto& entry : tensors_) {
    if (lies_.count(entry.tensor.unsafeGetTensorImpl())) continue;  // streamed
    whole.push_back(entry.tensor);
    if (entry.buffer || !entry.tensor.requires_grad()) continue;
    (options_.checkpointing && !entry.aliases.empty() ? shared : trained).push_back(entry.tensor);
  }
  flat_broadcast(context_.communicator, whole, options_.bucket_bytes, "parameters and buffers of " + name);
  const auto add_buckets = [&](const std::string& what, const std::vector<dl::Tensor>& parameters, bool late) {
    const auto plan = plan_buckets(parameters, options_.bucket_bytes, options_.bucket_bytes);
    for (auto& bucket : flat_buckets(what, parameters, plan, context_.communicator)) add_group(std::move(bucket), late);
  };
  add_buckets(name, trained, false);
  // With checkpointing, each of the modules that share a parameter may have a backward pass of its own.
  add_buckets(name + ", shared", shared, true);
}

/// What this rank holds of each trained parameter.
void ShardedNetwork::cut() {
  const int rank = context_.communicator.rank(), ranks = context_.communicator.size();
  std::vector<Slice> slices;
  std::vector<int64_t> numels, elements;
  for (size_t i = 0; i < trained_.size(); ++i) {
    const auto& [group, index] = places_[i];
    slices.push_back({group, groups_[group].parameters->layout().offsets[index]});
    numels.push_back(trained_[i].tensor.numel());
  }
  for (const auto& group : groups_) elements.push_back(group.parameters->layout().elements);
  pieces_ = pieces_of(rank, ranks, slices, numels, elements);
  for (const auto& piece : pieces_) {
    const auto& group = groups_[piece.bucket];
    const int64_t begin = piece.begin - rank * piece_length(elements[piece.bucket], ranks);
    dl::Param param;
    param.name = trained_[piece.parameter].name;
    param.value = group.parameters->piece().narrow(0, begin, piece.length);
    param.grad = group.gradient->piece().narrow(0, begin, piece.length);
    param.full_shape = trained_[piece.parameter].tensor.sizes().vec();
    param.offset = piece.offset;
    place_states(param, options_.offload);
    params_.push_back(std::move(param));
  }
}

void ShardedNetwork::begin_update() {
  for (auto& group : groups_) group.gradient->begin_update();
}

std::vector<Reduction*> ShardedNetwork::begin_pass() {
  std::vector<Reduction*> reductions;
  for (auto& group : groups_) group.gradient->begin_pass();
  for (const auto index : order_)
    if (groups_[index].gradient->expects()) reductions.push_back(groups_[index].gradient.get());
  return reductions;
}

void ShardedNetwork::arrived(size_t parameter, bool has_gradient) {
  const auto& [index, member] = places_[parameter];
  groups_[index].gradient->arrived(member, has_gradient, trained_[parameter].name);
  // Not this group alone: another was waiting for the end of a pass of its own, which tells nobody.
  if (!order_agreed_)
    std::erase_if(incomplete_, [this](size_t other) {
      const auto& gradient = *groups_[other].gradient;
      if (!gradient.expects() || !gradient.full()) return false;
      completed_.push_back(other);
      return true;
    });
  filled_();
}

void ShardedNetwork::end_update() {
  if (std::exchange(order_agreed_, true)) return;
  completed_.insert(completed_.end(), incomplete_.begin(), incomplete_.end());
  auto order = at::tensor(std::vector<int64_t>(completed_.begin(), completed_.end()), at::kLong);
  if (context_.control.size() > 1) context_.control.broadcast(order, 0, "order of gradients");
  const auto* indices = order.const_data_ptr<int64_t>();
  order_.assign(indices, indices + order.numel());
}

std::vector<FlatParameters*> ShardedNetwork::parameters_of(const torch::nn::Module& module) const {
  std::set<FlatParameters*> found;
  for (const auto& parameter : module.parameters())
    if (const auto place = lies_.find(parameter.unsafeGetTensorImpl()); place != lies_.end())
      found.insert(groups_[place->second.group].parameters.get());
  return {found.begin(), found.end()};
}

std::vector<bool> ShardedNetwork::used() const {
  std::vector<bool> used;
  for (const auto& [group, index] : places_) used.push_back(groups_[group].gradient->used()[index]);
  return used;
}

void ShardedNetwork::set_used(const std::vector<bool>& used) {
  for (size_t i = 0; i < pieces_.size(); ++i) params_[i].used = used[pieces_[i].parameter];
}

void ShardedNetwork::publish() {
  for (auto& group : groups_)
    if (!group.parameters->streamed()) group.parameters->gather();
}

void ShardedNetwork::visit(bool states, bool write, const dl::Backend::Visitor& visitor) {
  const at::NoGradGuard no_grad;
  visit_parameters(write, visitor);
  if (states) visit_piece_states(context_, trained_, pieces_, params_, options_.offload.get(), write, visitor);
}

void ShardedNetwork::visit_parameters(bool write, const dl::Backend::Visitor& visitor) {
  using Type = dl::NetworkEntry::Type;
  // A streamed unit's values are put together once, when its first parameter comes.
  const Group* open = nullptr;
  dl::Tensor whole;
  const auto close = [&] {
    if (open && write) open->parameters->keep(whole);
    open = nullptr;
    whole.reset();
  };
  for (const auto& entry : tensors_) {
    const auto place = lies_.find(entry.tensor.unsafeGetTensorImpl());
    const Group* group = place == lies_.end() ? nullptr : &groups_[place->second.group];
    if (group && !group->parameters->streamed()) group = nullptr;
    if (group != open) close();
    if (group && !open) {
      open = group;
      whole = group->parameters->whole();
    }
    const auto kept = group ? view_like(entry.tensor, whole, group->parameters->layout().offsets[place->second.index])
                            : entry.tensor.detach();
    visit_tensor({entry.buffer ? Type::buffer : Type::parameter, entry.name, ""}, kept, write, visitor);
  }
  close();
}

}  // namespace parallel
