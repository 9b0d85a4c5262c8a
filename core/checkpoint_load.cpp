#include "core/checkpoint_load.h"

#include "core/atomic_file.h"
#include "core/errors.h"
#include "core/optimizer_states.h"
#include "core/weights.h"

namespace dl::host {
namespace {

using Json = nlohmann::ordered_json;

void check_plugins(const Json& json, const std::filesystem::path& checkpoint,
                   const std::map<std::string, std::string>& plugins) {
  const auto written = json.find("plugins");
  if (written == json.end() || !written->is_object()) return;
  std::string wrong;
  for (const auto& [name, version] : written->items())
    if (const auto found = plugins.find(name); found != plugins.end() && version != found->second)
      wrong += "\n  plugin " + name + ": " + (version.is_string() ? version.get<std::string>() : version.dump()) +
               " wrote it, this is " + found->second;
  if (!wrong.empty())
    throw UsageError(checkpoint.string() + " can't be gone on from as the same run:" + wrong +
                     "\nUse the plugin that wrote it, or begin a new run with its weights: --init-from " +
                     (checkpoint / weights_file_name("main")).string());
}

}  // namespace

std::map<std::string, std::string> plugin_versions(const Registry& registry) {
  std::map<std::string, std::string> versions;
  for (const auto* plugin : registry.loaded()) versions[plugin->name] = plugin->stamp.version;
  return versions;
}

TrainState load_checkpoint(const std::filesystem::path& checkpoint, Objects& objects, WeightAverage* average,
                           const std::map<std::string, std::string>& plugins) {
  const auto file = checkpoint / "state.json";
  const auto json = Json::parse(read_whole_file(file), nullptr, false);
  check_plugins(json, checkpoint, plugins);
  auto state = TrainState::from_json(json, file.string(), objects.optimizers);
  if (!average && state.averaged > 0)
    throw UsageError(checkpoint.string() +
                     " is of a run with an average of its weights ([train] ema or swa); this config has none");
  load_weights(*objects.backend, objects.networks, checkpoint);
  for (const auto& slot : objects.optimizers) load_optimizer(*objects.backend, slot, checkpoint);
  if (average) {
    average->set_averaged(state.averaged);
    average->load_buffers(checkpoint);
    average->swap();
  }
  return state;
}

}  // namespace dl::host
