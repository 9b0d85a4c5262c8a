#include "core/objects.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <c10/core/DefaultDtype.h>

#include <set>

#include "core/errors.h"
#include "core/gpu.h"
#include "core/name_pattern.h"
#include "core/same_plugins.h"
#include "core/self_communicator.h"
#include "core/sync_batch_norm.h"

namespace dl::host {
namespace {

/// What a task finds by role name.
class TaskResources final : public Resources {
 public:
  TaskResources(std::map<std::string, std::shared_ptr<Network>> networks,
                std::map<std::string, std::shared_ptr<Loss>> losses, at::Device device)
      : networks_(std::move(networks)), losses_(std::move(losses)), device_(device) {}
  Network& network(std::string_view role) override { return *find(networks_, role, "network"); }
  Loss& loss(std::string_view role) override { return *find(losses_, role, "loss"); }
  at::Device device() const override { return device_; }

 private:
  template <class Map>
  static typename Map::mapped_type find(Map& map, std::string_view role, const char* kind) {
    const auto found = map.find(std::string(role));
    if (found == map.end())
      throw Error("there is no " + std::string(kind) + " named \"" + std::string(role) +
                  "\"; the task's schema should say needs()");
    return found->second;
  }
  std::map<std::string, std::shared_ptr<Network>> networks_;
  std::map<std::string, std::shared_ptr<Loss>> losses_;
  at::Device device_;
};

/// Parameters are made in this type while the object lives.
class DefaultDtype {
 public:
  explicit DefaultDtype(at::ScalarType dtype) : before_(c10::get_default_dtype()) {
    c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
  }
  ~DefaultDtype() { c10::set_default_dtype(before_); }
  DefaultDtype(const DefaultDtype&) = delete;
  DefaultDtype& operator=(const DefaultDtype&) = delete;

 private:
  caffe2::TypeMeta before_;
};

void build_communicators(const Plan& plan, const Registry& registry, Objects& objects,
                         const std::function<void(std::shared_ptr<Communicator>)>& on_control) {
  const auto& engine = plan.settings.engine;
  const auto make = [&](const std::optional<PlannedClass>& planned, at::Device device,
                        const CommunicatorContext& context) -> std::shared_ptr<Communicator> {
    if (!planned) return std::make_shared<SelfCommunicator>(device);
    return registry.create<Communicator>(*planned->info, planned->params, &context);
  };
  const bool cpu = plan.device.is_cpu();
  objects.control = make(cpu ? plan.communicator : plan.control, at::kCPU, {nullptr, engine.timeout_s, {}});
  on_control(objects.control);
  objects.communicator =
      cpu ? objects.control
          : make(plan.communicator, plan.device, {objects.control.get(), engine.timeout_s, engine.gpus});
}

void check_hosts(const Plan& plan, const Communicator& control) {
  const auto hosts = control.hosts();
  const std::set<std::string> distinct(hosts.begin(), hosts.end());
  if (const auto wanted = plan.settings.engine.num_nodes; static_cast<int64_t>(distinct.size()) != wanted)
    throw UsageError("[engine] num_nodes is " + std::to_string(wanted) + ", but the ranks run on " +
                     std::to_string(distinct.size()) + " host(s): " + join({distinct.begin(), distinct.end()}));
}

/// The plan was checked against the traits: they must tell the truth.
void check_traits(const Plan& plan, const Registry& registry, const Backend& backend) {
  if (backend.sharded() != plan.backend.info->traits.sharded)
    throw Error(registry.full_name(*plan.backend.info) +
                ": its traits() say another thing than its sharded(); the plugin must be mended");
}

void build_networks(const Plan& plan, const Registry& registry, Objects& objects) {
  const DefaultDtype dtype(plan.dtype);
  for (const auto& [name, planned] : plan.networks) {
    auto generator = at::detail::getDefaultCPUGenerator();
    generator.set_current_seed(derive_seed(static_cast<uint64_t>(plan.settings.engine.seed), "init " + name));
    auto& build = objects.backend->build(name);
    auto network = registry.create<Network>(*planned.info, planned.params, &build);
    objects.backend->attach(name, *network);
    objects.networks[name] = std::move(network);
  }
}

void check_monitor(const Registry& registry, const PlannedClass& planned, const Scheduler& scheduler,
                   const std::string& monitor) {
  if (scheduler.observes() == !monitor.empty()) return;
  throw UsageError(planned.place.text() + ": [" + planned.where + "] " + registry.full_name(*planned.info) +
                   (monitor.empty() ? " follows a metric: name it, as call = { monitor = \"val_loss\" }"
                                    : " follows no metric; leave \"monitor\" out of its call"));
}

void build_optimizers(const Plan& plan, const Registry& registry, Objects& objects) {
  for (const auto& [name, planned] : plan.optimizers) {
    OptimizerSlot slot;
    slot.name = name;
    slot.optimizer = registry.create<Optimizer>(*planned.info, planned.params);
    slot.elementwise = planned.info->traits.elementwise;
    slot.networks = plan.optimizer_networks.at(name);
    if (const auto found = plan.schedulers.find(name); found != plan.schedulers.end()) {
      slot.scheduler = registry.create<Scheduler>(*found->second.info, found->second.params);
      slot.by_epoch = plan.scheduler_calls.at(name).interval == "epoch";
      slot.frequency = plan.scheduler_calls.at(name).frequency;
      slot.monitor = plan.scheduler_calls.at(name).monitor;
      check_monitor(registry, found->second, *slot.scheduler, slot.monitor);
    }
    slot.swa = plan.settings.train.swa;
    if (const auto found = plan.optimizer_groups.find(name); found != plan.optimizer_groups.end())
      for (const auto& group : found->second) {
        slot.groups.push_back({group.match, registry.create<Optimizer>(*group.optimizer.info, group.optimizer.params)});
        std::map<std::string, std::shared_ptr<Network>> own;
        for (const auto& network : slot.networks) own[network] = objects.networks.at(network);
        check_fits(group.match, own, group.optimizer.where, group.optimizer.place);
      }
    objects.optimizers.push_back(std::move(slot));
  }
}

std::shared_ptr<Data> build_data(const Plan& plan, const Registry& registry) {
  const DataContext context{plan.settings.data.root};
  return registry.create<Data>(*plan.data.info, plan.data.params, &context);
}

/// Hosts may have different numbers of ranks and cores, but with overlap collectives come in another order.
bool on_all_ranks(bool wanted, Communicator& control) {
  if (control.size() == 1) return wanted;
  auto flag = at::full({1}, wanted ? 1 : 0, at::kLong);
  control.all_reduce(flag, ReduceOp::min, "overlap on all ranks");
  return flag.item<int64_t>() == 1;
}

}  // namespace

BatchSource batch_source(const Plan& plan, const Objects& objects, Split split) {
  const auto found = objects.transforms.find(split);
  return {*objects.data,
          split,
          found == objects.transforms.end() ? std::vector<std::shared_ptr<Transform>>() : found->second,
          static_cast<uint64_t>(plan.settings.engine.seed),
          plan.device,
          plan.dtype};
}

Objects build_objects(const Plan& plan, const Registry& registry, const Launch& launch,
                      const std::function<void(std::shared_ptr<Communicator>)>& on_control,
                      std::shared_ptr<Communicator> communicator) {
  Objects objects;
  if (plan.device.is_cuda()) open_gpu(plan.settings.engine.gpus, plan.device);
  objects.data = build_data(plan, registry);
  for (const auto& [split, list] : plan.transforms)
    for (const auto& planned : list)
      objects.transforms[split].push_back(registry.create<Transform>(*planned.info, planned.params));
  for (const auto& planned : plan.metrics)
    objects.metrics.push_back(registry.create<Metric>(*planned.info, planned.params));
  for (const auto& [name, planned] : plan.losses)
    objects.losses[name] = registry.create<Loss>(*planned.info, planned.params);

  if (communicator) {
    objects.control = objects.communicator = std::move(communicator);
    on_control(objects.control);
  } else {
    build_communicators(plan, registry, objects, on_control);
  }
  check_hosts(plan, *objects.control);
  if (objects.control->size() > 1) check_same_plugins(program_files(registry), *objects.control);

  const auto& engine = plan.settings.engine;
  // A GPU moves tensors beside its work; on the CPU communication takes a core of its own.
  const bool room = !plan.device.is_cpu() || usable_cores() > launch.local_size;
  // Synchronised batch norms wait, in the backward pass, for the gradients under way: there is little to gain. And
  // ranks that reach other parameters would no longer communicate in the same order.
  const bool wanted = engine.overlap == "on" || (engine.overlap == "auto" && room && !engine.sync_batchnorm);
  const bool beside = on_all_ranks(wanted, *objects.control);
  const BackendContext context{*objects.communicator, *objects.control, plan.device, beside, plan.autocast};
  objects.backend = registry.create<Backend>(*plan.backend.info, plan.backend.params, &context);
  check_traits(plan, registry, *objects.backend);
  build_networks(plan, registry, objects);
  if (engine.sync_batchnorm) objects.batch_norm_sync = sync_batch_norms(objects.networks, *objects.communicator);
  build_optimizers(plan, registry, objects);
  objects.resources = std::make_shared<TaskResources>(objects.networks, objects.losses, plan.device);
  objects.task = registry.create<Task>(*plan.task.info, plan.task.params, objects.resources.get());
  return objects;
}

}  // namespace dl::host
