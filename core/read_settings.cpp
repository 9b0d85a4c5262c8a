#include "core/read_settings.h"

#include <algorithm>

namespace dl::host {
namespace {

bool has(const std::vector<Field>& fields, const std::string& key) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == key; });
}

/// "[data]" for "batch_size"; "" for what no table has, or tables of classes.
std::string home_of(const std::string& key) {
  const auto tables = Settings::schema().fields();
  if (has(tables, key)) return "[" + key + "]";
  if (key == "type" || key == "params") return "";
  const auto home = std::find_if(tables.begin(), tables.end(), [&](const Field& t) { return has(t.members, key); });
  return home == tables.end() ? "" : "[" + home->name + "]";
}

}  // namespace

Settings read_settings(const Value& config, Problems& problems) {
  Problems found;
  auto settings = Settings::schema().read(config, "", found);
  for (const auto& problem : found.list()) {
    auto message = problem.message;
    const std::string begin = "unknown key \"";
    const bool of_a_table = problem.table.find('.') == std::string::npos;
    if (const auto hint = message.find("\" (known: ");
        of_a_table && message.starts_with(begin) && hint != std::string::npos)
      if (const auto home = home_of(message.substr(begin.size(), hint - begin.size())); !home.empty())
        message.replace(hint + 1, std::string::npos, "; it belongs into " + home);
    problems.add(problem.place, problem.table, message);
  }
  return settings;
}

}  // namespace dl::host
