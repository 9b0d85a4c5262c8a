// A parallel backend as anyone may write one: every rank has all parameters, and after the backward pass each gradient
// is summed over the ranks by one all-reduce.
#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <set>

#include "dl/backend.h"
#include "dl/plugin.h"

namespace {

class PlainAverage : public dl::Backend {
 public:
  static auto schema() { return dl::Schema<dl::NoOptions>("Data parallel, one all-reduce for each parameter."); }
  static dl::Traits traits() { return {.dtypes = {at::kFloat, at::kDouble}}; }
  PlainAverage(const dl::NoOptions&, const dl::BackendContext& context) : context_(context) {}

  bool sharded() const override { return false; }
  dl::Build& build(const std::string&) override { return build_; }

  void attach(const std::string& name, dl::Network& network) override {
    network.to(context_.device);
    auto& attached = networks_[name];
    std::set<const c10::TensorImpl*> seen;
    for (const auto& item : network.named_parameters()) {
      if (!seen.insert(item.value().unsafeGetTensorImpl()).second)
        throw dl::Error("PlainAverage: parameter " + item.key() + " is shared, which this backend does not handle");
      dl::Param param;
      param.name = item.key();
      param.value = item.value().detach();
      param.full_shape = item.value().sizes().vec();
      attached.params.push_back(std::move(param));
      attached.tensors.push_back(item.value());
    }
    for (const auto& item : network.named_buffers()) attached.buffers.push_back({item.key(), item.value()});
  }

  void begin_update(std::span<const std::string> networks) override {
    for (const auto& name : networks)
      for (auto& tensor : networks_.at(name).tensors) tensor.mutable_grad().reset();
  }
  void backward(const dl::Tensor& loss, double scale, bool) override { loss.backward(at::full_like(loss, scale)); }

  void end_update(std::span<const std::string> networks, std::span<double> totals) override {
    auto sums = at::empty({static_cast<int64_t>(totals.size())}, at::kDouble);
    std::copy(totals.begin(), totals.end(), sums.mutable_data_ptr<double>());
    context_.control.all_reduce(sums, dl::ReduceOp::sum, "totals");
    std::copy_n(sums.const_data_ptr<double>(), totals.size(), totals.begin());
    for (const auto& name : networks) sum_gradients(networks_.at(name));
  }
  std::span<dl::Param> params(const std::string& network) override { return networks_.at(network).params; }
  void after_step(std::span<const std::string>) override {}

  void sync_buffers() override {
    for (auto& [name, attached] : networks_)
      for (auto& buffer : attached.buffers) context_.communicator.broadcast(buffer.tensor, 0, buffer.name);
  }

  void visit(const std::string& network, bool states, bool write, const Visitor& visitor) override {
    using Type = dl::NetworkEntry::Type;
    auto& attached = networks_.at(network);
    for (auto& param : attached.params) show({Type::parameter, param.name, ""}, param.value, write, visitor);
    for (auto& buffer : attached.buffers) show({Type::buffer, buffer.name, ""}, buffer.tensor, write, visitor);
    if (!states) return;
    for (auto& param : attached.params)
      for (auto& [key, state] : param.states) show({Type::state, param.name, key}, state, write, visitor);
  }

 private:
  struct NoUnits : dl::Build {
    void created(dl::UnitState&) override {}
  };
  struct Attached {
    std::vector<dl::Param> params;
    dl::Tensors tensors;  // those of the network, in the order of params
    std::vector<dl::NamedTensor> buffers;
  };

  void sum_gradients(Attached& attached) {
    // A parameter that some rank did not use has no gradient there, and all ranks must make the same calls.
    auto used = at::empty({static_cast<int64_t>(attached.tensors.size())}, at::kByte);
    auto* flags = used.mutable_data_ptr<uint8_t>();
    for (size_t i = 0; i < attached.tensors.size(); ++i) flags[i] = attached.tensors[i].grad().defined();
    context_.control.all_reduce(used, dl::ReduceOp::max, "parameters used");
    for (size_t i = 0; i < attached.tensors.size(); ++i) {
      auto& param = attached.params[i];
      param.used = flags[i] != 0;
      if (!param.used) continue;
      const auto& own = attached.tensors[i].grad();
      param.grad = own.defined() ? own.contiguous() : at::zeros_like(param.value, at::MemoryFormat::Contiguous);
      context_.communicator.all_reduce(param.grad, dl::ReduceOp::sum, param.name);
    }
  }

  /// The visitor may write into `whole` or put another tensor there.
  static void show(const dl::NetworkEntry& entry, dl::Tensor& kept, bool write, const Visitor& visitor) {
    auto whole = kept;
    visitor(entry, whole);
    if (write && !whole.is_same(kept)) kept.copy_(whole);
  }

  const dl::BackendContext context_;
  NoUnits build_;
  std::map<std::string, Attached> networks_;
};

}  // namespace

DL_PLUGIN("my_backends", "1.0.0", "A parallel backend of my own") { r.add<PlainAverage>("PlainAverage"); }
