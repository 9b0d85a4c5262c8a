#include "arrival_hooks.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>

#include <memory>

namespace parallel {

class ArrivalHooks::Hook : public torch::autograd::FunctionPostHook {
 public:
  Hook(const Arrived& arrived, size_t index) : arrived_(arrived), index_(index) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list& inputs) override {
    arrived_(index_, inputs.at(0).defined());
    return outputs;
  }

 private:
  const Arrived& arrived_;
  const size_t index_;
};

ArrivalHooks::ArrivalHooks(std::span<const dl::Tensor> leaves, Arrived arrived) : arrived_(std::move(arrived)) {
  for (size_t i = 0; i < leaves.size(); ++i) {
    auto accumulator = torch::autograd::impl::grad_accumulator(leaves[i]);
    const auto hook = accumulator->add_post_hook(std::make_unique<Hook>(arrived_, i));
    hooks_.emplace_back(std::move(accumulator), hook);
  }
}

ArrivalHooks::~ArrivalHooks() {
  // A graph that is still alive may hold the accumulators.
  for (auto& [accumulator, hook] : hooks_) accumulator->del_post_hook(hook);
}

}  // namespace parallel
