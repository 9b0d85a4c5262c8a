#include "core/checked_plan.h"

#include "core/errors.h"

namespace dl::host {

Plan checked_plan(const Value& config, Registry& registry, const Launch& launch, const std::filesystem::path& file,
                  Console& console, Problems problems) {
  auto plan = make_plan(config, registry, launch, problems);
  if (!registry.warnings().empty()) console.warn(registry.warnings().text());
  if (!problems.empty()) {
    if (registry.broken_plugin()) throw PluginError(PluginState::not_loadable, problems.text());
    throw UsageError(problems.text());
  }
  if (plan.autocast == at::kHalf)
    console.warn("precision = 16: CPUs have hardly any fast float16; \"bf16\" is faster there and needs no loss scale");
  if (plan.settings.run.name.empty()) plan.settings.run.name = file.stem().string();
  return plan;
}

}  // namespace dl::host
