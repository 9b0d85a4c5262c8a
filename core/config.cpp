#include "core/config.h"

#include "core/plugin_path.h"
#include "core/toml_file.h"
#include "core/variables.h"

namespace dl::host {
namespace {

/// `key` of the table `where`.
void make_absolute(Value& value, const std::filesystem::path& base, const char* where, const char* key,
                   Problems& problems) {
  auto* text = value.get_if<std::string>();
  if (!text || text->empty()) return;
  if (*text == "~" || text->starts_with("~/"))
    problems.add(value.place, where,
                 "\"" + std::string(key) + "\": ~ has no meaning here; write \"${HOME}" + text->substr(1) + "\"");
  *text = (base / *text).lexically_normal().string();
}

}  // namespace

Value load_config(const std::filesystem::path& file, const std::vector<std::string>& set, Problems& problems) {
  auto config = read_toml(file);
  for (const auto& assignment : set) set_value(config, assignment);
  expand_variables(config, problems);
  if (auto* data = config.find("data"))
    if (auto* root = data->find("root"))
      make_absolute(*root, std::filesystem::current_path(), "data", "root", problems);
  if (auto* train = config.find("train"))
    if (auto* files = train->find("init_from")) {
      make_absolute(*files, std::filesystem::current_path(), "train", "init_from", problems);
      if (auto* by_network = files->get_if<Value::Table>())
        for (auto& entry : *by_network)
          make_absolute(entry.value, std::filesystem::current_path(), "train.init_from", entry.key.c_str(), problems);
    }
  if (auto* plugins = config.find("plugins"))
    if (auto* path = plugins->find("path")) {
      const auto base = std::filesystem::absolute(file).parent_path();
      if (auto* list = path->get_if<Value::List>())
        for (auto& folder : *list) make_absolute(folder, base, "plugins", "path", problems);
      else
        make_absolute(*path, base, "plugins", "path", problems);
    }
  return config;
}

Registry make_registry(const Value& config, const std::vector<std::string>& plugin_path, Problems& problems) {
  return Registry(dl::host::plugin_path(plugin_path, config, problems));
}

}  // namespace dl::host
