#include "core/dry_run.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/dry_communicator.h"
#include "core/errors.h"
#include "core/model_summary.h"
#include "core/objects.h"
#include "core/tensor_memory.h"
#include "core/train_step.h"

namespace dl::host {
namespace {

/// Bytes of storages that were not counted before.
class Storages {
 public:
  int64_t add(const Tensor& tensor) {
    if (!tensor.defined() || !seen_.insert(tensor.storage().unsafeGetStorageImpl()).second) return 0;
    if (!tensor.storage().data_ptr().get_context()) return 0;  // a file's
    return static_cast<int64_t>(tensor.storage().nbytes());
  }

 private:
  std::set<const void*> seen_;
};

/// Each rank has a batch of this size.
Batch first_batch(const Plan& plan, const Objects& objects) {
  const auto source = batch_source(plan, objects, Split::train);
  if (source.size() == 0) throw UsageError("the data has no training samples");
  std::vector<int64_t> indices(static_cast<size_t>(std::min(plan.settings.data.batch_size, source.size())));
  std::iota(indices.begin(), indices.end(), 0);
  return source.make(std::move(indices), 0, false);
}

void take_step(const Plan& plan, Objects& objects, int64_t index) {
  LogAverages log;
  const StepParts parts{*objects.backend,
                        objects.networks,
                        objects.optimizers,
                        log,
                        static_cast<uint64_t>(plan.settings.engine.seed),
                        0,
                        {plan.settings.train.gradient_clip, plan.settings.train.log_grad_norm, "ignore"},
                        objects.control.get(),
                        nullptr,
                        plan.autocast,
                        nullptr,
                        objects.batch_norm_sync.get(),
                        plan.device};
  std::vector<Batch> window;
  window.push_back(first_batch(plan, objects));
  Progress at;
  at.step = index;
  at.total_steps = 2;
  at.total_epochs = 1;
  TrainStep step(parts, window, window[0].size() * objects.communicator->size(), at);
  objects.task->train_step(step);
}

}  // namespace

MemoryNeeds dry_run(const Plan& plan, const Registry& registry, int ranks) {
  auto& memory = TensorMemory::install();
  const auto before = memory.use().live;
  const auto communicator = std::make_shared<DryCommunicator>(ranks);
  auto objects = build_objects(
      plan, registry, {.size = ranks, .local_size = ranks}, [](auto) {}, communicator);
  for (auto& [name, network] : objects.networks) network->train(true);

  take_step(plan, objects, 0);  // makes the states, and whatever else comes with the first step
  const auto kept = memory.use().live;
  memory.restart_peak();
  const auto sent = communicator->bytes_sent();
  take_step(plan, objects, 1);

  MemoryNeeds needs;
  needs.sent = static_cast<int64_t>(communicator->bytes_sent() - sent);
  Storages storages;
  for (const auto& [name, network] : objects.networks) {
    for (auto& param : objects.backend->params(name)) {
      needs.parameters += storages.add(param.value);
      needs.gradients += storages.add(param.grad);
      for (const auto& [key, state] : param.states) needs.optimizer += storages.add(state);
    }
    for (const auto& unit : network->units())
      needs.largest_unit = std::max(needs.largest_unit, count_parameters(*unit->module).bytes);
  }
  const auto own = static_cast<int64_t>(kept - before);
  needs.other = std::max<int64_t>(0, own - needs.parameters - needs.gradients - needs.optimizer);
  needs.momentary = static_cast<int64_t>(memory.use().peak - kept);
  return needs;
}

}  // namespace dl::host
