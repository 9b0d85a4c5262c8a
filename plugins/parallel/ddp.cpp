#include "ddp.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>

#include <algorithm>

#include "dl/error.h"
#include "flat_broadcast.h"
#include "same_network.h"

namespace parallel {

namespace {

constexpr double kMebibyte = 1 << 20;

void check_trainable(const std::string& network, const ModuleTensor& entry, const std::vector<at::ScalarType>& dtypes) {
  if (std::find(dtypes.begin(), dtypes.end(), entry.tensor.scalar_type()) == dtypes.end())
    throw dl::Error("network \"" + network + "\": parameter " + entry.name + " is " +
                    c10::toString(entry.tensor.scalar_type()) + "; parallel.DDP holds float32, float64 and bfloat16");
}

// Keeps what a visitor left, whether it wrote into `whole` or put another tensor there.
void visit_tensor(const dl::NetworkEntry& entry, const dl::Tensor& kept, bool write,
                  const dl::Backend::Visitor& visitor) {
  dl::Tensor whole = kept;
  visitor(entry, whole);
  if (!write || whole.is_same(kept)) return;
  if (!whole.defined() || whole.sizes() != kept.sizes())
    throw dl::Error(entry.name + (entry.state.empty() ? "" : " (" + entry.state + ")") + " has the shape " +
                    c10::str(kept.sizes()) + ", the value written to it " +
                    (whole.defined() ? c10::str(whole.sizes()) : "is undefined"));
  kept.copy_(whole);
}

}  // namespace

DDP::DDP(const DDPOptions& options, const dl::BackendContext& context)
    : context_(context),
      bucket_bytes_(std::max<int64_t>(1, static_cast<int64_t>(options.bucket_mb * kMebibyte))),
      wire_(options.reduce_dtype == "bf16" ? std::optional(at::kBFloat16) : std::nullopt),
      reducer_(context.communicator, context.overlap) {}

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
    attached.params.push_back(std::move(param));
  }
  if (trained.empty())
    throw dl::Error("network \"" + name + "\" has no parameters that require grad, so there is nothing to train in it");
  flat_broadcast(context_.communicator, all, bucket_bytes_, "parameters and buffers of " + name);
  attached.gradients = std::make_unique<Gradients>(name, std::move(trained), attached.params, bucket_bytes_, wire_,
                                                   context_.communicator, [this] { reducer_.start_full(); });
  networks_.emplace(name, std::move(attached));
}

void DDP::begin_update(std::span<const std::string> networks) {
  updating_.clear();
  last_seen_ = false;
  // From the last network back: the backward pass comes by in about this order.
  std::vector<Bucket*> order;
  for (size_t i = networks.size(); i-- > 0;) {
    auto& attached = find(networks[i]);
    updating_.push_back(&attached);
    for (auto& bucket : attached.gradients->buckets()) order.push_back(&bucket);
  }
  reducer_.begin(std::move(order));
  for (auto* attached : updating_) attached->gradients->begin();
}

void DDP::backward(const dl::Tensor& loss, double scale, bool last) {
  if (updating_.empty() || last_seen_)
    throw dl::Error(last_seen_ ? "backward() after the last micro-batch of an update" : "backward() outside an update");
  if (!loss.requires_grad())
    throw dl::Error("the loss does not depend on any parameter that is trained in this update");
  if (last && reducer_.overlap())
    for (auto* attached : updating_) attached->gradients->expect_last();
  last_seen_ = last;
  loss.backward(at::full_like(loss, scale));
}

void DDP::end_update(std::span<const std::string> networks, std::span<double> totals) {
  if (networks.size() != updating_.size() || updating_.empty())
    throw dl::Error("end_update() with other networks than begin_update()");
  for (auto* attached : updating_) attached->gradients->complete();
  reducer_.finish();
  set_used(totals);
  updating_.clear();
}

// One small all-reduce for `totals` and the number of parameters that a rank did not use. Which ones they are is asked
// only where there are any.
void DDP::set_used(std::span<double> totals) {
  std::vector<bool> used;
  for (auto* attached : updating_)
    used.insert(used.end(), attached->gradients->used().begin(), attached->gradients->used().end());

  if (context_.control.size() > 1) {
    const auto count = static_cast<int64_t>(totals.size());
    dl::Tensor numbers = at::empty({count + 1}, at::kDouble);
    auto* values = numbers.mutable_data_ptr<double>();
    std::copy(totals.begin(), totals.end(), values);
    values[count] = static_cast<double>(std::count(used.begin(), used.end(), false));
    context_.control.all_reduce(numbers, dl::ReduceOp::sum, "totals of the update");
    std::copy(values, values + count, totals.begin());
    if (values[count] > 0) {
      dl::Tensor flags = at::empty({static_cast<int64_t>(used.size())}, at::kByte);
      std::copy(used.begin(), used.end(), flags.mutable_data_ptr<uint8_t>());
      context_.control.all_reduce(flags, dl::ReduceOp::max, "parameters used in the update");
      const auto* any = flags.const_data_ptr<uint8_t>();
      for (size_t i = 0; i < used.size(); ++i) used[i] = any[i] != 0;
    }
  }

  size_t i = 0;
  for (auto* attached : updating_)
    for (auto& param : attached->params) param.used = used[i++];
}

std::span<dl::Param> DDP::params(const std::string& network) { return find(network).params; }

void DDP::after_step(std::span<const std::string>) {}

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
  }
}

DDP::Attached& DDP::find(const std::string& network) {
  const auto found = networks_.find(network);
  if (found != networks_.end()) return found->second;
  std::string known;
  for (const auto& [name, attached] : networks_) known += (known.empty() ? "" : ", ") + name;
  throw dl::Error("no network \"" + network + "\" is attached; there are: " + known);
}

}  // namespace parallel
