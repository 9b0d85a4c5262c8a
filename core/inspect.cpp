#include "core/inspect.h"

#include <nlohmann/json.hpp>

#include "core/class_name.h"
#include "core/errors.h"
#include "core/text_table.h"
#include "core/toml_snippet.h"
#include "core/value_json.h"

namespace dl::host {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kWidth = 100;

void add_fields(const std::vector<Field>& fields, size_t indent, TextTable& table) {
  for (const auto& field : fields) {
    auto name = std::string(indent, ' ') + field.name;
    const bool plain = !field.optional && field.members.empty();
    const auto value = plain ? field.fallback.text() : "";
    auto text = field.doc;
    const auto note = [&](const std::string& words) { text += (text.empty() ? "(" : " (") + words + ")"; };
    if (!field.range.empty()) note(field.range);
    if (field.optional) note("not set by default");
    if (columns(name) + columns(value) < 36 && plain)
      name += " = " + value;
    else if (plain)
      note("default " + value);
    table.add({std::move(name), field.type, std::move(text)});
    add_fields(field.members, indent + 2, table);
  }
}

void print_class(const LoadedPlugin& plugin, const ClassInfo& info, std::ostream& out) {
  const auto name = plugin.name + "." + info.name;
  out << name << ", " << with_article(info.kind) << '\n';
  for (const auto& line : wrapped(info.doc, kWidth)) out << line << '\n';
  out << "\nplugin   " << plugin.name << " " << plugin.stamp.version << ", for LibTorch " << plugin.stamp.torch << '\n'
      << "file     " << plugin.file.string() << '\n';
  if (!info.former_names.empty()) out << "was      " << join(info.former_names) << '\n';
  out << "\nOptions" << (info.fields.empty() ? ": none\n" : "\n");
  TextTable options;
  add_fields(info.fields, 2, options);
  options.print(out, kWidth, false);
  if (!info.roles.empty()) {
    out << "\nNeeds\n";
    TextTable roles;
    for (const auto& role : info.roles)
      roles.add({"  [" + config_place(role.kind, role.name) + "]", to_string(role.kind), role.doc});
    roles.print(out, kWidth, false);
  }
  out << "\nConfig, with the defaults\n";
  const auto snippet = toml_snippet(name, info);
  for (size_t begin = 0; begin < snippet.size();) {
    const auto end = snippet.find('\n', begin);
    out << "  " << snippet.substr(begin, end - begin) << '\n';
    begin = end + 1;
  }
}

Json fields_json(const std::vector<Field>& fields) {
  Json out = Json::array();
  for (const auto& field : fields) {
    Json json{{"name", field.name}, {"type", field.type}, {"doc", field.doc}, {"range", field.range}};
    json["optional"] = field.optional;
    json["default"] = field.optional || !field.members.empty() ? Json() : to_json(field.fallback);
    if (!field.members.empty()) json["members"] = fields_json(field.members);
    out.push_back(std::move(json));
  }
  return out;
}

Json plugin_json(const LoadedPlugin& plugin) {
  return {{"name", plugin.name},          {"version", plugin.stamp.version}, {"doc", plugin.stamp.doc},
          {"file", plugin.file.string()}, {"torch", plugin.stamp.torch},     {"sdk_abi", plugin.stamp.sdk_abi}};
}

Json class_json(const LoadedPlugin& plugin, const ClassInfo& info) {
  const auto name = plugin.name + "." + info.name;
  Json roles = Json::array();
  for (const auto& role : info.roles)
    roles.push_back({{"kind", to_string(role.kind)},
                     {"name", role.name},
                     {"doc", role.doc},
                     {"table", config_place(role.kind, role.name)}});
  return {{"type", name},
          {"kind", to_string(info.kind)},
          {"doc", info.doc},
          {"plugin", plugin_json(plugin)},
          {"former_names", info.former_names},
          {"options", fields_json(info.fields)},
          {"needs", roles},
          {"toml", toml_snippet(name, info)}};
}

void print_library(const LoadedPlugin& plugin, std::ostream& out) {
  out << plugin.name << " " << plugin.stamp.version << ", for LibTorch " << plugin.stamp.torch << '\n';
  for (const auto& line : wrapped(plugin.stamp.doc, kWidth)) out << line << '\n';
  out << plugin.file.string() << "\n\n";
  TextTable table;
  for (const auto& info : plugin.classes)
    table.add({"  " + plugin.name + "." + info.name, to_string(info.kind), first_line(info.doc)});
  for (const auto& refused : plugin.refused)
    table.add({"  " + plugin.name + "." + refused.name, "refused", refused.reason});
  table.print(out, kWidth, false);
}

Json library_json(const LoadedPlugin& plugin) {
  auto json = plugin_json(plugin);
  json["classes"] = Json::array();
  json["refused"] = Json::array();
  for (const auto& info : plugin.classes)
    json["classes"].push_back(
        {{"type", plugin.name + "." + info.name}, {"kind", to_string(info.kind)}, {"doc", info.doc}});
  for (const auto& refused : plugin.refused)
    json["refused"].push_back(
        {{"type", plugin.name + "." + refused.name}, {"kind", refused.kind}, {"reason", refused.reason}});
  return json;
}

void print_json(const Json& json, std::ostream& out) {
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

/// "X.Y" is the class Y of the library X, or else the library in X/Y.so.
bool names_library(const Registry& registry, const std::string& type) {
  const auto name = split_class_name(type);
  if (!name) return split_class_name("library." + type).has_value();
  return !find_plugin(registry.search_path(), name->library) && find_plugin(registry.search_path(), type);
}

void show(const LoadedPlugin& plugin, const ClassInfo& info, bool json, std::ostream& out) {
  if (json)
    print_json(class_json(plugin, info), out);
  else
    print_class(plugin, info, out);
}

}  // namespace

int inspect(Registry& registry, const std::string& type, bool json, std::ostream& out, std::ostream& err) {
  Problems problems;
  if (names_library(registry, type)) {
    if (const auto* plugin = registry.library(type, {}, "", problems)) {
      if (json)
        print_json(library_json(*plugin), out);
      else
        print_library(*plugin, out);
    }
  } else if (const auto* info = registry.find(type, {}, "", problems)) {
    for (const auto* plugin : registry.loaded())
      for (const auto& own : plugin->classes)
        if (&own == info) show(*plugin, *info, json, out);
    for (const auto& warning : registry.warnings().list()) err << "warning: " << warning.message << '\n';
  }
  if (problems.empty()) return kDone;
  err << "error: " << problems.text() << '\n';
  return registry.broken_plugin() ? kBadPlugin : kBadUsage;
}

}  // namespace dl::host
