#include "core/export_torchscript.h"

#include "core/checked_plan.h"
#include "core/config.h"
#include "core/network_inputs.h"
#include "core/torchscript.h"
#include "core/weights.h"

namespace dl::host {

void export_torchscript(const std::filesystem::path& path, const ExportArguments& arguments,
                        const std::filesystem::path& checkpoint, const std::string& network) {
  Problems problems;
  auto set = arguments.set;
  set.insert(set.end(), {"engine.backend=ddp", "engine.communicator=auto", "engine.gpus=[]", "engine.num_nodes=1"});
  const auto config = load_config(checkpoint / "config.toml", set, problems);
  auto registry = make_registry(config, arguments.plugin_path, problems);
  Console console({.out = stderr});
  const auto plan = checked_plan(config, registry, {}, checkpoint / "config.toml", console, std::move(problems));
  auto objects = build_objects(plan, registry, {}, [](auto) {});
  load_weights(*objects.backend, {{network, objects.networks.at(network)}}, checkpoint);
  write_torchscript(path, *objects.networks.at(network), inputs_of_network(plan, registry, objects, network));
}

}  // namespace dl::host
