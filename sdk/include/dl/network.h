#pragma once
#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dl/kind.h"
#include "dl/tensor.h"

namespace dl {

struct UnitState;

/// Set on units by a backend that shards parameters. All calls on the training thread, in the same order on all ranks.
class DL_API UnitRunner {
 public:
  virtual ~UnitRunner();
  /// Runs `forward` on `inputs` with the unit's parameters in place and returns its outputs. May run `forward` again in
  /// the backward pass (activation checkpointing). A unit may be run more than once in an update.
  virtual Tensors run(UnitState& unit, Tensors inputs, const std::function<Tensors(Tensors)>& forward) = 0;
};

/// A block of a network whose parameters a backend may keep in pieces between uses.
struct UnitState {
  std::string name;
  std::shared_ptr<torch::nn::Module> module;
  UnitRunner* runner = nullptr;  ///< null: the unit is run directly
};

/// The author's handle of a unit: call it like the module, `y = block(x)`, with tensors in and a Tensor or Tensors out.
template <class Impl>
class Unit {
 public:
  Unit() = default;
  Unit(std::shared_ptr<Impl> impl, std::shared_ptr<UnitState> state)
      : impl_(std::move(impl)), state_(std::move(state)) {}

  template <class... Args>
  auto operator()(const Args&... args) const {
    using Out = decltype(impl_->forward(args...));
    if (!state_->runner) return impl_->forward(args...);
    Tensors outputs = state_->runner->run(*state_, Tensors{args...}, [this](Tensors inputs) -> Tensors {
      return call(inputs, std::make_index_sequence<sizeof...(Args)>{});
    });
    if constexpr (std::is_same_v<Out, Tensors>)
      return outputs;
    else
      return Out(std::move(outputs.at(0)));
  }
  const Impl* operator->() const { return impl_.get(); }  ///< to look, not to call
  explicit operator bool() const { return impl_ != nullptr; }

 private:
  template <size_t... I>
  Tensors call(Tensors& inputs, std::index_sequence<I...>) const {
    auto out = impl_->forward(inputs[I]...);
    if constexpr (std::is_same_v<decltype(out), Tensors>)
      return out;
    else
      return Tensors{std::move(out)};
  }
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<UnitState> state_;
};

/// Handed to a network's constructor by the backend, which so sees each unit before the next one exists.
class DL_API Build {
 public:
  using Context = void;
  virtual ~Build();
  /// The unit's parameters are initialised; the backend may cut them here. Called on all ranks in the same order.
  virtual void created(UnitState& unit) = 0;
};

/// A model, written for one device and one process; the host and the backend do the rest. Parameters, buffers and
/// submodules are registered as in any torch::nn::Module, so that names equal PyTorch's `state_dict` names.
/// Constructor: `(const Options&)` or `(const Options&, dl::Build&)`; parameters are initialised in it, from the
/// default generator, which the host has seeded equally on all ranks.
class DL_API Network : public torch::nn::Module {
 public:
  using Interface = Network;
  using Context = Build;
  static constexpr Kind kKind = Kind::network;
  static constexpr uint32_t kAbi = 1;
  Network();
  ~Network() override;

  /// Inputs and outputs in the order that the class's doc states, batch first. Training thread, all ranks.
  virtual Tensors forward(const Tensors& inputs) = 0;
  Tensor operator()(const Tensor& x) { return forward(Tensors{x}).at(0); }
  Tensors operator()(const Tensors& inputs) { return forward(inputs); }
  const std::vector<std::shared_ptr<UnitState>>& units() const { return units_; }

 protected:
  /// Like register_module(), but `path` may have dots, as in a list of blocks in PyTorch: "layer1.0" is the module "0"
  /// of the module "layer1", which is made, empty, where it isn't there. Throws c10::Error where the name is taken.
  void register_at(const std::string& path, std::shared_ptr<torch::nn::Module> module);
  /// Like register_at(name, make()), and marks the block as a unit. Parameters outside any unit stay whole.
  template <class Factory>
  auto unit(Build& build, std::string name, Factory&& make) {
    auto impl = make();
    using Impl = typename decltype(impl)::element_type;
    register_at(name, impl);
    auto state = std::make_shared<UnitState>(UnitState{std::move(name), impl});
    units_.push_back(state);
    build.created(*state);
    return Unit<Impl>(std::move(impl), std::move(state));
  }

 private:
  std::vector<std::shared_ptr<UnitState>> units_;
};

/// One tensor in, one out: most networks.
class DL_API UnaryNetwork : public Network {
 public:
  UnaryNetwork();
  ~UnaryNetwork() override;
  virtual Tensor forward(const Tensor& x) = 0;
  Tensors forward(const Tensors& inputs) final;
};

}  // namespace dl
