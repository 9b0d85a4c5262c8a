#include "zero2.h"

#include <ATen/ops/full_like.h>

#include "attached.h"
#include "dl/error.h"
#include "flat_broadcast.h"
#include "same_network.h"
#include "used_parameters.h"

namespace parallel {

namespace {

constexpr size_t kMostUnderWay = 2;  // reductions, each of which holds a bucket or a unit

}  // namespace

ZeRO2::ZeRO2(const DDPOptions& options, const dl::BackendContext& context)
    : context_(context),
      options_(options),
      build_(options.activation_checkpointing),
      offload_(options.state_file(context.device)),
      reductions_(context.communicator, context.overlap, kMostUnderWay) {}

ZeRO2::~ZeRO2() = default;

dl::Build& ZeRO2::build(const std::string&) { return build_; }

std::vector<std::unique_ptr<FlatParameters>> ZeRO2::streamed_units(const std::string&,
                                                                   const std::vector<ModuleTensor>&) {
  return {};
}

void ZeRO2::attach(const std::string& name, dl::Network& network) {
  if (networks_.count(name)) throw dl::Error("network \"" + name + "\" is attached already");
  network.to(context_.device);
  auto tensors = module_tensors(network);
  check_same_network(context_.control, name, tensors);
  auto units = streamed_units(name, tensors);
  const ShardedNetwork::Options options{options_.bucket_bytes(), options_.wire(), options_.activation_checkpointing,
                                        offload_};
  networks_[name] = std::make_unique<ShardedNetwork>(name, std::move(tensors), std::move(units), traits().dtypes,
                                                     options, context_, [this] { reductions_.start_full(); });
  for (const auto& unit : network.units()) build_.tell(*unit, networks_[name]->parameters_of(*unit->module));
}

void ZeRO2::begin_update(std::span<const std::string> networks) {
  updating_.clear();
  last_seen_ = false;
  reductions_.begin({});
  // From the last network back: the backward pass comes by in about this order.
  for (size_t i = networks.size(); i-- > 0;) updating_.push_back(&find(networks[i]));
  for (auto* network : updating_) network->begin_update();
}

void ZeRO2::backward(const dl::Tensor& loss, double scale, bool last) {
  check_backward(loss, !updating_.empty(), last_seen_);
  last_seen_ = last;
  std::vector<Reduction*> order;
  for (auto* network : updating_)
    for (auto* reduction : network->begin_pass()) order.push_back(reduction);
  reductions_.begin(std::move(order));
  loss.backward(at::full_like(loss, scale));
  reductions_.finish();
  pass_done();
}

void ZeRO2::end_update(std::span<const std::string> networks, std::span<double> totals) {
  if (networks.size() != updating_.size() || updating_.empty())
    throw dl::Error("end_update() with other networks than begin_update()");
  std::vector<bool> used;
  std::vector<std::ptrdiff_t> ends;
  for (auto* network : updating_) {
    network->end_update();
    const auto own = network->used();
    used.insert(used.end(), own.begin(), own.end());
    ends.push_back(static_cast<std::ptrdiff_t>(used.size()));
  }
  agree_on_used(context_.control, used, totals);
  for (size_t i = 0; i < updating_.size(); ++i)
    updating_[i]->set_used({used.begin() + (i ? ends[i - 1] : 0), used.begin() + ends[i]});
  updating_.clear();
}

std::span<dl::Param> ZeRO2::params(const std::string& network) { return find(network).params(); }

void ZeRO2::after_step(std::span<const std::string> networks) {
  for (const auto& network : networks) find(network).publish();
  if (offload_) offload_->let_go();
}

void ZeRO2::sync_buffers() {
  std::vector<dl::Tensor> buffers;
  for (const auto& [name, network] : networks_)
    for (const auto& entry : network->tensors())
      if (entry.buffer) buffers.push_back(entry.tensor);
  flat_broadcast(context_.communicator, buffers, options_.bucket_bytes(), "buffers");
}

void ZeRO2::visit(const std::string& network, bool states, bool write, const Visitor& visitor) {
  find(network).visit(states, write, visitor);
}

ShardedNetwork& ZeRO2::find(const std::string& network) { return *attached(networks_, network); }

}  // namespace parallel
