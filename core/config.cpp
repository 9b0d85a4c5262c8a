#include "core/config.h"

#include "core/errors.h"
#include "core/plugin_path.h"
#include "core/toml_file.h"

namespace dl::host {
namespace {

void make_absolute(Value& value, const std::filesystem::path& base) {
  auto* text = value.get_if<std::string>();
  if (text && !text->empty()) *text = (base / *text).lexically_normal().string();
}

}  // namespace

Value load_config(const std::filesystem::path& file, const std::vector<std::string>& set) {
  auto config = read_toml(file);
  for (const auto& assignment : set) set_value(config, assignment);
  if (auto* data = config.find("data"))
    if (auto* root = data->find("root")) make_absolute(*root, std::filesystem::current_path());
  if (auto* plugins = config.find("plugins"))
    if (auto* path = plugins->find("path")) {
      const auto base = std::filesystem::absolute(file).parent_path();
      if (auto* list = path->get_if<Value::List>())
        for (auto& folder : *list) make_absolute(folder, base);
      else
        make_absolute(*path, base);
    }
  return config;
}

Registry make_registry(const Value& config, const std::vector<std::string>& plugin_path) {
  Problems problems;
  auto path = dl::host::plugin_path(plugin_path, config, problems);
  if (!problems.empty()) throw UsageError(problems.text());
  return Registry(std::move(path));
}

}  // namespace dl::host
