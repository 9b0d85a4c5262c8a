#include "core/print_schema.h"

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/json_schema.h"
#include "core/reference.h"

namespace dl::host {

int print_schema(const RunArguments& arguments, bool markdown, std::ostream& out, std::ostream& err) {
  Problems problems;
  const auto config = arguments.config.empty() ? Value() : load_config(arguments.config, arguments.set, problems);
  auto registry = make_registry(config, arguments.plugin_path, problems);
  if (!problems.empty()) throw UsageError(problems.text());
  Problems broken;
  std::vector<const LoadedPlugin*> plugins;
  for (const auto& place : plugin_places(registry.search_path())) {
    if (!place.shadowed_by.empty() || read_plugin_file(place.file).type == PluginFile::Type::no_plugin) continue;
    if (const auto* plugin = registry.library(place.name, {}, "", broken)) plugins.push_back(plugin);
  }
  if (!broken.empty()) err << "warning: left out: " << broken.text() << '\n';
  if (markdown)
    write_reference(plugins, out);
  else
    out << json_schema(plugins).dump(2) << '\n';
  return kDone;
}

}  // namespace dl::host
