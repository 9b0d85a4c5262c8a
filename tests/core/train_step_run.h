#pragma once
/// A small run for tests of TrainStep.
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/randn.h>
#include <torch/nn/modules/linear.h>

#include <cmath>

#include "core/batch_plan.h"
#include "core/self_communicator.h"
#include "core/train_step.h"
#include "ddp.h"
#include "dl/error.h"
#include "tests/support/thread_communicator.h"
#include "zero1.h"

namespace train_step_run {

using namespace dl;        // NOLINT: tests only
using namespace dl::host;  // NOLINT

class Net : public UnaryNetwork {
 public:
  explicit Net(at::ScalarType dtype) : fc_(register_module("fc", torch::nn::Linear(3, 2))) { to(dtype); }
  using UnaryNetwork::forward;
  Tensor forward(const Tensor& x) override { return at::linear(x, fc_->weight, fc_->bias).tanh(); }

 private:
  torch::nn::Linear fc_;
};

/// Plain gradient descent, so that what reaches the optimizer shows in the weights.
class Descent : public Optimizer {
 public:
  Rate base_rate() const override { return {0.5, {}}; }
  void step(std::span<Param* const> params, const Rate& rate) override {
    for (auto* param : params) param->value.sub_(param->grad, rate.lr);
    ++calls;
  }
  int calls = 0;
};

struct Run {
  explicit Run(Communicator& communicator, std::vector<std::string> names = {"main"}, bool cut = false,
               at::ScalarType dtype = at::kDouble) {
    const BackendContext context{communicator, communicator, at::kCPU, false};
    if (cut)
      backend = std::make_unique<parallel::ZeRO1>(parallel::DDPOptions{}, context);
    else
      backend = std::make_unique<parallel::DDP>(parallel::DDPOptions{}, context);
    for (const auto& name : names) {
      auto net = std::make_shared<Net>(dtype);
      const NoGradGuard no_grad;
      for (auto& parameter : net->parameters()) parameter.fill_(0.25);
      backend->attach(name, *net);
      networks[name] = net;
      OptimizerSlot slot;
      slot.name = name;
      slot.optimizer = std::make_shared<Descent>();
      slot.networks = {name};
      slots.push_back(std::move(slot));
    }
  }
  using NoGradGuard = at::NoGradGuard;
  StepParts parts(int rank = 0) { return {*backend, networks, slots, log, 1, rank, {}}; }
  Tensor weight(const std::string& name = "main") { return networks.at(name)->parameters().at(0).detach().clone(); }

  std::unique_ptr<Backend> backend;
  std::map<std::string, std::shared_ptr<Network>> networks;
  std::vector<OptimizerSlot> slots;
  LogAverages log;
};

inline const Tensor& inputs() {
  static const Tensor x_BC = [] {
    at::manual_seed(3);
    return at::randn({13, 3}, at::kDouble);
  }();
  return x_BC;
}

/// The window of 13 samples as `plan` cuts it for `rank`.
inline std::vector<Batch> window_of(const BatchPlan& plan, int64_t rank) {
  std::vector<Batch> window;
  for (int64_t b = 0; b < plan.micro_batches(); ++b) {
    const auto slice = plan.slice(b, rank);
    Batch batch{{inputs().slice(0, slice.begin, slice.end)}, {}, slice.padding};
    batch.indices.resize(static_cast<size_t>(slice.size()));
    window.push_back(std::move(batch));
  }
  return window;
}

inline void one_step(Run& run, const BatchPlan& plan, int64_t rank, double weight_factor) {
  const auto window = window_of(plan, rank);
  const auto parts = run.parts(static_cast<int>(rank));
  TrainStep step(parts, window, plan.samples_in(0), {});
  step.update([&](const Batch& batch) {
    const auto out = (*run.networks.at("main"))(batch[0]);
    return StepLoss{at::mse_loss(out, batch[0].narrow(1, 0, 2)), weight_factor * static_cast<double>(batch.size())};
  });
}

inline Tensor reference() {
  SelfCommunicator self;
  Run run(self);
  one_step(run, {13, 13, 1, 1, false}, 0, 1);
  return run.weight();
}

/// The weight after one update of a loss whose gradient at each weight is `slope`.
inline Tensor after_update(const UpdateRules& rules, double slope, int64_t* skipped = nullptr,
                           const LossScale* loss_scale = nullptr, bool* overflowed = nullptr) {
  SelfCommunicator self;
  Run run(self);
  const auto window = window_of({13, 13, 1, 1, false}, 0);
  auto parts = run.parts();
  parts.rules = rules;
  parts.loss_scale = loss_scale;
  TrainStep step(parts, window, 13, {});
  step.update([&](const Batch&) {
    Tensor loss;
    for (const auto& parameter : run.networks.at("main")->parameters()) {
      const auto sum = parameter.sum() * slope;
      loss = loss.defined() ? loss + sum : sum;
    }
    return StepLoss{loss, 13};
  });
  if (skipped) *skipped = step.skipped();
  if (overflowed) *overflowed = step.overflowed();
  return run.weight();
}

}  // namespace train_step_run
