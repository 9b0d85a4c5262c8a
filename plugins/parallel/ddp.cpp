#include "ddp.h"

#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>

#include <algorithm>
#include <limits>

#include "attached.h"
#include "dl/error.h"
#include "flat_broadcast.h"
#include "same_network.h"
#include "used_parameters.h"
#include "visiting.h"

namespace parallel {

namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();  // the buckets are there anyway

}  // namespace

DDP::DDP(const DDPOptions& options, const dl::BackendContext& context)
    : context_(context),
      offload_(options.state_file(context.device)),
      bucket_bytes_(options.bucket_bytes()),
      wire_(options.wire()),
      build_(options.activation_checkpointing),
      reductions_(context.communicator, context.overlap, kNoLimit) {}

DDP::~DDP() = default;

dl::Build& DDP::build(const std::string&) { return build_; }

void DDP::attach(const std::string& name, dl::Network& network) {
  if (networks_.count(name)) throw dl::Error("network \"" + name + "\" is attached already");
  network.to(context_.device);
  Attached attached;
  attached.tensors = module_tensors(network);
  check_same_network(context_.control, name, attached.tensors);

  std::vector<dl::Tensor> all, trained;
  for (const auto& entry : attached.tensors) {
    all.push_back(entry.tensor);
    if (entry.buffer || !entry.tensor.requires_grad()) continue;
    check_trainable(name, entry, traits().dtypes);
    trained.push_back(entry.tensor);
    dl::Param param;
    param.name = entry.name;
    param.value = entry.tensor.detach();
    param.full_shape = entry.tensor.sizes().vec();
    place_states(param, offload_);
    attached.params.push_back(std::move(param));
  }
  if (trained.empty())
    throw dl::Error("network \"" + name + "\" has no parameters that require grad, so there is nothing to train in it");
  flat_broadcast(context_.communicator, all, bucket_bytes_, "parameters and buffers of " + name);
  const bool flat = sharded() || context_.communicator.size() > 1;
  attached.gradients = std::make_unique<Gradients>(name, std::move(trained), attached.params, bucket_bytes_, flat,
                                                   wire_, context_.communicator, [this] { reductions_.start_full(); });
  networks_.emplace(name, std::move(attached));
}

void DDP::begin_update(std::span<const std::string> networks) {
  updating_.clear();
  last_seen_ = false;
  // From the last network back: the backward pass comes by in about this order.
  std::vector<Reduction*> order;
  for (size_t i = networks.size(); i-- > 0;) {
    auto& attached = find(networks[i]);
    updating_.push_back(&attached);
    for (auto& bucket : attached.gradients->buckets()) order.push_back(&bucket);
  }
  reductions_.begin(std::move(order));
  for (auto* attached : updating_) attached->gradients->begin();
}

void DDP::backward(const dl::Tensor& loss, double scale, bool last) {
  check_backward(loss, !updating_.empty(), last_seen_);
  if (last && reductions_.overlap())
    for (auto* attached : updating_) attached->gradients->expect_last();
  last_seen_ = last;
  loss.backward(at::full_like(loss, scale));
}

void DDP::end_update(std::span<const std::string> networks, std::span<double> totals) {
  if (networks.size() != updating_.size() || updating_.empty())
    throw dl::Error("end_update() with other networks than begin_update()");
  for (auto* attached : updating_) attached->gradients->complete();
  reductions_.finish();
  set_used(totals);
  updating_.clear();
}

void DDP::set_used(std::span<double> totals) {
  std::vector<bool> used;
  for (auto* attached : updating_)
    used.insert(used.end(), attached->gradients->used().begin(), attached->gradients->used().end());
  agree_on_used(context_.control, used, totals);
  size_t i = 0;
  for (auto* attached : updating_)
    for (auto& param : attached->params) param.used = used[i++];
}

std::span<dl::Param> DDP::params(const std::string& network) { return find(network).params; }

void DDP::after_step(std::span<const std::string>) {
  if (offload_) offload_->let_go();
}

void DDP::sync_buffers() {
  std::vector<dl::Tensor> buffers;
  for (const auto& [name, attached] : networks_)
    for (const auto& entry : attached.tensors)
      if (entry.buffer) buffers.push_back(entry.tensor);
  flat_broadcast(context_.communicator, buffers, bucket_bytes_, "buffers");
}

void DDP::visit(const std::string& network, bool states, bool write, const Visitor& visitor) {
  using Type = dl::NetworkEntry::Type;
  auto& attached = find(network);
  for (const auto& entry : attached.tensors)
    visit_tensor({entry.buffer ? Type::buffer : Type::parameter, entry.name, ""}, entry.tensor.detach(), write,
                 visitor);
  if (!states) return;
  for (auto& param : attached.params) {
    auto step = at::full({}, param.step, at::kLong);
    visit_tensor({Type::state, param.name, "step"}, step, write, visitor);
    param.step = step.item<int64_t>();
    for (auto& [key, state] : param.states) visit_tensor({Type::state, param.name, key}, state, write, visitor);
    if (offload_) offload_->let_go();
  }
}

DDP::Attached& DDP::find(const std::string& network) { return attached(networks_, network); }

}  // namespace parallel
