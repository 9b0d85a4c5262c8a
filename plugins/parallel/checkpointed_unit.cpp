#include "checkpointed_unit.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>
#include <utility>

#include "dl/error.h"

namespace parallel {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The state of the default generator and of autocast: taken by the constructor, put in place by Restored.
struct Surroundings {
  explicit Surroundings(c10::DeviceType on)
      : device(on),
        generator(at::detail::getDefaultCPUGenerator()),
        random(state()),
        autocast(at::autocast::is_autocast_enabled(on)),
        dtype(at::autocast::get_autocast_dtype(on)) {}
  at::Tensor state() {
    const std::lock_guard lock(generator.mutex());
    return generator.get_state();
  }
  void put() {
    {
      const std::lock_guard lock(generator.mutex());
      generator.set_state(random);
    }
    at::autocast::set_autocast_enabled(device, autocast);
    at::autocast::set_autocast_dtype(device, dtype);
  }

  c10::DeviceType device;
  at::Generator generator;
  at::Tensor random;
  bool autocast;
  at::ScalarType dtype;
};

/// While it lives, the surroundings of the first run.
class Restored {
 public:
  explicit Restored(Surroundings first) : now_(first.device) { first.put(); }
  ~Restored() { now_.put(); }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  Surroundings now_;
};

/// Puts a module's buffers back.
class BuffersKept {
 public:
  explicit BuffersKept(const torch::nn::Module& module) : buffers_(module.buffers()) {
    for (const auto& buffer : buffers_) values_.push_back(buffer.defined() ? buffer.clone() : buffer);
  }
  ~BuffersKept() {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < buffers_.size(); ++i)
      if (buffers_[i].defined()) buffers_[i].copy_(values_[i]);
  }
  BuffersKept(const BuffersKept&) = delete;
  BuffersKept& operator=(const BuffersKept&) = delete;

 private:
  dl::Tensors buffers_, values_;
};

struct Unit : torch::CustomClassHolder {
  Unit(std::shared_ptr<torch::nn::Module> of, std::function<dl::Tensors(dl::Tensors)> run, UnitEvents* listener,
       c10::DeviceType device)
      : module(std::move(of)), forward(std::move(run)), events(listener), first(device) {}
  std::shared_ptr<torch::nn::Module> module;
  std::function<dl::Tensors(dl::Tensors)> forward;
  UnitEvents* events;
  Surroundings first;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  // `anchor` makes the outputs part of the graph where no input requires grad.
  static variable_list forward(AutogradContext* ctx, at::TensorList inputs, const at::Tensor& /*anchor*/,
                               const c10::intrusive_ptr<Unit>& unit) {
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["unit"] = c10::IValue::make_capsule(unit);
    ctx->set_materialize_grads(false);
    return unit->forward(inputs.vec());
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    if (at::GradMode::is_enabled())
      throw dl::Error(
          "a unit under activation checkpointing is in a backward pass that is itself to be differentiated (a gradient "
          "penalty?); set the backend's activation_checkpointing = false");
    auto& unit = static_cast<Unit&>(*ctx->saved_data["unit"].toCapsule());
    if (unit.events) unit.events->enter();
    auto inputs = ctx->get_saved_variables();
    for (auto& input : inputs)
      if (input.defined()) input = input.detach().set_requires_grad(input.requires_grad());
    variable_list roots, seeds;
    const BuffersKept buffers(*unit.module);
    {
      const at::AutoGradMode grad(true);
      const Restored surroundings(unit.first);
      auto outputs = unit.forward(inputs);
      for (size_t i = 0; i < outputs.size(); ++i)
        if (outputs[i].defined() && outputs[i].requires_grad() && gradients[i].defined()) {
          roots.push_back(outputs[i]);
          seeds.push_back(gradients[i]);
        }
    }
    if (!roots.empty()) torch::autograd::backward(roots, seeds);
    if (unit.events) unit.events->leave();
    variable_list found;
    for (const auto& input : inputs) found.push_back(input.defined() ? input.grad() : at::Tensor());
    found.resize(found.size() + 2);  // nothing for the two last arguments of forward()
    return found;
  }
};

}  // namespace

dl::Tensors run_checkpointed(const std::shared_ptr<torch::nn::Module>& module, dl::Tensors inputs,
                             std::function<dl::Tensors(dl::Tensors)> forward, UnitEvents* events) {
  if (!at::GradMode::is_enabled()) return forward(std::move(inputs));
  const auto device = inputs.empty() ? c10::DeviceType::CPU : inputs[0].device().type();
  auto anchor = at::empty({0}).set_requires_grad(true);
  return Recomputed::apply(at::TensorList(inputs), anchor,
                           c10::make_intrusive<Unit>(module, std::move(forward), events, device));
}

}  // namespace parallel
