#include "core/plan_checks.h"

#include <algorithm>

#include "core/checkpoint_name.h"
#include "core/initial_weights_files.h"
#include "core/precision.h"
#include "core/toml_snippet.h"

namespace dl::host {
namespace {

class PlanChecks {
 public:
  PlanChecks(const Plan& plan, const Value& config, const Registry& registry, Problems& problems)
      : plan_(plan), config_(config), registry_(registry), problems_(problems) {}

  /// What the task's schema says that it needs must be there.
  void roles() {
    if (!plan_.task.info) return;
    for (const auto& role : plan_.task.info->roles) {
      const auto& held = role.kind == Kind::network     ? plan_.networks
                         : role.kind == Kind::loss      ? plan_.losses
                         : role.kind == Kind::optimizer ? plan_.optimizers
                                                        : plan_.schedulers;
      if (held.count(role.name)) continue;
      std::vector<std::string> names;
      for (const auto& [name, unused] : held) names.push_back(name);
      const auto kind = to_string(role.kind);
      problems_.add(plan_.task.place, plan_.task.where,
                    registry_.full_name(*plan_.task.info) + " needs a" + (kind == "optimizer" ? "n " : " ") + kind +
                        " named \"" + role.name + "\"" + (role.doc.empty() ? "" : " (" + role.doc + ")") + "; add [" +
                        config_place(role.kind, role.name) + "]" +
                        (names.empty() ? "" : " (the config has: " + join(names) + ")"));
    }
  }

  /// Keys of [train] that need, or exclude, each other.
  void training() {
    const auto& train = plan_.settings.train;
    const auto* table = config_.find("train");
    const auto wrong = [&](const char* key, const std::string& text) {
      const auto* value = table->find(key);
      problems_.add(value ? value->place : table->place, "train", text);
    };
    if (train.gradient_clip && train.gradient_clip->norm.has_value() == train.gradient_clip->value.has_value())
      wrong("gradient_clip", "\"gradient_clip\": expected one of { norm = … } and { value = … }");
    if (train.early_stopping && train.early_stopping->monitor.empty())
      wrong("early_stopping", "\"early_stopping\" needs a monitor, such as monitor = \"val_loss\"");
    if (train.ema && train.swa) wrong("swa", "\"ema\" and \"swa\" are two averages of the same weights; use one");
    if (train.swa && train.swa->start_epoch >= train.num_epochs)
      wrong("swa", "\"swa\": start_epoch = " + std::to_string(train.swa->start_epoch) +
                       " is not reached in num_epochs = " + std::to_string(train.num_epochs) +
                       " (epochs count from 0)");
    for (const auto& rule : train.freeze)
      if (rule.match.empty()) wrong("freeze", "\"freeze\": each rule needs match = \"a pattern of parameter names\"");
  }

  /// What goes with `[engine] precision`.
  void precision() {
    const auto& engine = plan_.settings.engine;
    const auto wrong = [&](const char* table, const char* key, const std::string& text) {
      problems_.add(config_.find(table)->find(key)->place, table, "\"" + std::string(key) + "\": " + text);
    };
    if (engine.loss_scale && plan_.autocast != at::kHalf)
      wrong("engine", "loss_scale",
            "only precision = 16 has a loss scale, this run has " + engine.precision.text() + "; leave it out");
    if (engine.loss_scale && engine.loss_scale->backoff_factor >= 1)
      wrong("engine", "loss_scale", "backoff_factor must be below 1");
    if (engine.loss_scale && engine.loss_scale->init_scale < engine.loss_scale->min_loss_scale)
      wrong("engine", "loss_scale", "init_scale is below min_loss_scale");
    const auto& train = plan_.settings.train;
    if (plan_.dtype == at::kBFloat16 && (train.ema || train.swa))
      wrong("train", train.ema ? "ema" : "swa",
            "an average kept in bfloat16 loses small changes of the weights; use precision = \"bf16\"");
  }

  void checkpoints() {
    const auto* table = config_.find("checkpoint");
    const auto* form = table ? table->find("filename") : nullptr;
    if (form) CheckpointName::parse(plan_.settings.checkpoint.filename, form->place, problems_);
    const auto& background = plan_.settings.checkpoint.background;
    if (const auto* word = background.get_if<std::string>(); !background.get_if<bool>() && (!word || *word != "auto"))
      problems_.add(background.place, "checkpoint",
                    "\"background\": expected true, false or \"auto\", found " + background.text());
    std::vector<std::string> networks;
    for (const auto& [name, unused] : plan_.networks) networks.push_back(name);
    initial_weights_files(plan_.settings.train, networks, problems_);  // for what is wrong with the key
  }

  void traits() {
    check(plan_.task);
    check(plan_.data);
    check(plan_.backend);
    if (plan_.communicator) check(*plan_.communicator);
    for (const auto* classes : {&plan_.networks, &plan_.losses, &plan_.optimizers, &plan_.schedulers})
      for (const auto& [name, planned] : *classes) check(planned);
    for (const auto& planned : plan_.metrics) check(planned);
    if (!plan_.backend.info || !plan_.backend.info->traits.sharded) return;
    for (const auto& [name, planned] : plan_.optimizers)
      if (planned.info && !planned.info->traits.elementwise)
        problems_.add(planned.place, planned.where,
                      registry_.full_name(*planned.info) + " needs whole tensors, but the backend " +
                          registry_.full_name(*plan_.backend.info) +
                          " cuts them into pieces; use [engine] backend = \"ddp\", or another optimizer");
  }

  /// What only the ranks together know is checked when they have met.
  void nodes(const Launch& launch) {
    const auto wanted = plan_.settings.engine.num_nodes;
    const auto* engine = config_.find("engine");
    const auto* key = engine ? engine->find("num_nodes") : nullptr;
    const auto place = key ? key->place : config_.place;
    if (!launch.by_mpirun && wanted > 1)
      problems_.add(place, "engine",
                    "\"num_nodes\" is " + std::to_string(wanted) +
                        ", but this is one process on one host; start it with mpirun on " + std::to_string(wanted) +
                        " hosts");
    if (launch.by_mpirun && wanted == 1 && launch.local_size < launch.size)
      problems_.add(place, "engine",
                    "\"num_nodes\" is 1, but only " + std::to_string(launch.local_size) + " of the " +
                        std::to_string(launch.size) +
                        " ranks run on this host; set num_nodes to the number of hosts that mpirun uses");
  }

  /// A device for each rank of this host, as its launcher says.
  void gpus(const Launch& launch) {
    const auto& gpus = plan_.settings.engine.gpus;
    if (gpus.empty()) return;
    const auto place = config_.find("engine")->find("gpus")->place;
    const auto count = static_cast<int>(gpus.size());
    for (auto gpu = gpus.begin(); gpu != gpus.end(); ++gpu)
      if (std::find(gpus.begin(), gpu, *gpu) != gpu)
        return problems_.add(
            place, "engine",
            "\"gpus\" names the device " + std::to_string(*gpu) + " twice; each rank of a host needs one of its own");
    if (!launch.planned && count != launch.local_size)
      problems_.add(place, "engine",
                    "\"gpus\" names " + std::to_string(count) + " device(s), but " + std::to_string(launch.local_size) +
                        " rank(s) run on this host; start it with mpirun -n " + std::to_string(count) +
                        ", or name one device a rank");
  }

 private:
  void check(const PlannedClass& planned) {
    if (!planned.info) return;
    const auto& traits = planned.info->traits;
    const auto& precision = plan_.settings.engine.precision;
    const auto name = registry_.full_name(*planned.info);
    if (!traits.dtypes.empty() &&
        std::find(traits.dtypes.begin(), traits.dtypes.end(), plan_.dtype) == traits.dtypes.end()) {
      std::vector<std::string> known;
      for (const auto dtype : traits.dtypes) known.push_back(precision_of(dtype));
      problems_.add(precision.place, "engine",
                    "\"precision\" is " + precision.text() + ", but " + name + " ([" + planned.where +
                        "]) can work with " + join(known) + " only");
    }
    const c10::DeviceType device = plan_.device.type();
    if (!traits.devices.empty() &&
        std::find(traits.devices.begin(), traits.devices.end(), device) == traits.devices.end()) {
      std::vector<std::string> known;
      for (const auto type : traits.devices) known.push_back(c10::DeviceTypeName(type));
      problems_.add(planned.place, planned.where,
                    name + " works on " + join(known) + " only, but this run is on " +
                        (device == c10::kCPU ? "the CPU" : "GPUs ([engine] gpus)") + "; use another class");
    }
  }

  const Plan& plan_;
  const Value& config_;
  const Registry& registry_;
  Problems& problems_;
};

}  // namespace

void check_plan(const Plan& plan, const Value& config, const Registry& registry, const Launch& launch,
                Problems& problems) {
  PlanChecks checks(plan, config, registry, problems);
  checks.training();
  checks.checkpoints();
  checks.roles();
  checks.precision();
  checks.traits();
  if (!launch.planned) checks.nodes(launch);
  checks.gpus(launch);
}

}  // namespace dl::host
