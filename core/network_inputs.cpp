#include "core/network_inputs.h"

#include <c10/core/GradMode.h>

#include "core/errors.h"
#include "core/observed.h"
#include "core/prefetcher.h"
#include "core/trial_step.h"

namespace dl::host {
namespace {

/// Keeps what the first call is given.
class Listening final : public Network {
 public:
  explicit Listening(std::shared_ptr<Network> network) : network_(std::move(network)) {}
  Tensors forward(const Tensors& inputs) override {
    if (given.empty())
      for (const auto& input : inputs) given.push_back(input.detach());
    return network_->forward(inputs);
  }
  Tensors given;

 private:
  std::shared_ptr<Network> network_;
};

class IgnoredEvaluation final : public Evaluation {
 public:
  void log(std::string_view, const Tensor&, double) override {}
  void metrics(const Tensor&, const Tensor&) override {}
};

}  // namespace

Tensors inputs_of_network(const Plan& plan, const Registry& registry, Objects& objects, const std::string& name) {
  auto split = Split::test;
  for (const auto other : {Split::validation, Split::train})
    if (objects.data->size(split) == 0) split = other;
  if (objects.data->size(split) < 2)
    throw UsageError("the data has fewer than two samples, from which to learn what the network is given");
  const auto source = batch_source(plan, objects, split);
  const auto batch = Prefetcher([&](int64_t) { return source.make({0, 1}, 0, false); }, 1, 0, source.device()).next();
  const auto listening = std::make_shared<Listening>(objects.networks.at(name));
  ObservedResources resources({{name, listening}}, {}, *objects.resources);
  const auto task = registry.create<Task>(*plan.task.info, plan.task.params, &resources);
  for (const auto& [other, network] : objects.networks) network->eval();
  {
    const at::NoGradGuard no_grad;
    task->predict(batch);
    IgnoredEvaluation evaluation;
    if (listening->given.empty()) task->eval_step(batch, evaluation);
  }
  if (listening->given.empty()) {
    ShapeTrace trace({});
    Observer observer{trace, [](const std::string&) {}};
    TrialStep step(objects, batch, static_cast<uint64_t>(plan.settings.engine.seed), observer, std::nullopt);
    task->train_step(step);
  }
  if (listening->given.empty())
    throw Error(registry.full_name(*plan.task.info) + " never runs the network \"" + name +
                "\", so what it is given can't be seen");
  return listening->given;
}

}  // namespace dl::host
