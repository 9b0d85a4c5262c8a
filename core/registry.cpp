#include "core/registry.h"

#include <algorithm>
#include <utility>

#include "core/class_name.h"
#include "core/exception_text.h"

namespace dl::host {

Registry::Registry(std::vector<std::filesystem::path> search_path) : search_path_(std::move(search_path)) {}

const std::vector<PluginReport>& Registry::scan() {
  if (!scanned_) scan_ = scan_plugins(search_path_);
  scanned_ = true;
  return scan_;
}

std::string Registry::suggest(const std::string& class_name, const std::string& except) {
  std::vector<std::string> names;
  for (const auto& report : scan())
    for (const auto& info : report.classes) names.push_back(info.name);
  const auto near = nearest(class_name, names);
  std::vector<std::string> full;
  for (const auto& report : scan())
    for (const auto& info : report.classes)
      if (info.name == near && report.place.name != except) full.push_back('"' + report.place.name + "." + near + '"');
  return full.empty() ? "" : "; did you mean " + join(full, " or ") + "?";
}

std::string Registry::missing_library(const std::string& name, const std::string& class_name) {
  std::vector<std::string> names, folders;
  for (const auto& place : plugin_places(search_path_))
    if (read_plugin_file(place.file).type != PluginFile::Type::no_plugin) names.push_back(place.name);
  for (const auto& folder : search_path_) folders.push_back(folder.string());
  auto hint = did_you_mean(name, names);
  if (hint.empty() && !class_name.empty()) hint = suggest(class_name, name);
  if (hint.empty()) hint = "; add its folder with --plugin-path, [plugins] path or DLHOST_PLUGIN_PATH";
  return "no plugin library \"" + name + "\" " +
         (folders.empty() ? "(the plugin path is empty)" : "(searched: " + join(folders) + ")") + hint;
}

const LoadedPlugin* Registry::library(const std::string& name, const Place& place, const std::string& where,
                                      Problems& problems) {
  return library(name, "", place, where, problems);
}

const LoadedPlugin* Registry::library(const std::string& name, const std::string& class_name, const Place& place,
                                      const std::string& where, Problems& problems) {
  const auto [known, is_new] = libraries_.try_emplace(name);
  auto& entry = known->second;
  if (is_new) {
    const auto found = find_plugin(search_path_, name);
    try {
      // First in a child: what crashes there would take this process with it.
      if (!found)
        entry.error = missing_library(name, class_name);
      else if (const auto report = scan_plugin(*found); report.state != PluginState::ok)
        entry.error = PluginError(*found, report.state, report.reason).what();
      else
        entry.plugin = load_plugin(*found);
    } catch (const PluginError& error) {
      entry.error = error.what();
    }
    if (entry.plugin) loaded_.push_back(entry.plugin.get());
  }
  if (!entry.plugin) {
    broken_plugin_ = true;
    problems.add(place, where, entry.error);
  }
  return entry.plugin.get();
}

std::string Registry::missing_class(const LoadedPlugin& plugin, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& info : plugin.classes) names.push_back(info.name);
  const auto near = nearest(name, names);
  auto hint = near.empty() ? suggest(name, plugin.name) : "; did you mean \"" + plugin.name + "." + near + "\"?";
  if (hint.empty()) hint = "; it has: " + (names.empty() ? "none" : join(names));
  return "no class \"" + name + "\" in " + plugin.name + " (" + plugin.file.string() + ")" + hint;
}

const ClassInfo* Registry::find(const std::string& type, const Place& place, const std::string& where,
                                Problems& problems) {
  const auto name = split_class_name(type);
  if (!name) {
    problems.add(place, where, "\"" + type + "\": expected \"lib.Class\"" + suggest(type, ""));
    return nullptr;
  }
  const auto* plugin = library(name->library, name->class_name, place, where, problems);
  if (!plugin) return nullptr;
  for (const auto& info : plugin->classes)
    if (info.name == name->class_name) return &info;
  for (const auto& info : plugin->classes) {
    const auto& former = info.former_names;
    if (std::find(former.begin(), former.end(), name->class_name) == former.end()) continue;
    warn(place, where,
         "\"" + type + "\" is now called \"" + plugin->name + "." + info.name +
             "\"; the old name will stop working with the next minor release");
    return &info;
  }
  for (const auto& refused : plugin->refused) {
    if (refused.name != name->class_name) continue;
    broken_plugin_ = true;
    problems.add(place, where, type + " (" + plugin->file.string() + ") can't be used: " + refused.reason);
    return nullptr;
  }
  problems.add(place, where, missing_class(*plugin, name->class_name));
  return nullptr;
}

const ClassInfo* Registry::find(const std::string& type, Kind kind, const Place& place, const std::string& where,
                                Problems& problems) {
  const auto* info = find(type, place, where, problems);
  if (!info || info->kind == kind) return info;
  constexpr size_t kShown = 6;
  std::vector<std::string> fitting;
  for (const auto& report : scan())
    for (const auto& other : report.classes)
      if (other.kind == to_string(kind)) fitting.push_back(report.place.name + "." + other.name);
  if (fitting.size() > kShown) {
    fitting.resize(kShown);
    fitting.push_back("…");
  }
  problems.add(place, where,
               full_name(*info) + " is " + with_article(info->kind) + ", needed here is " + with_article(kind) +
                   (fitting.empty() ? "" : ", such as " + join(fitting)));
  return nullptr;
}

void Registry::warn(const Place& place, const std::string& where, std::string message) {
  for (const auto& warning : warnings_.list())
    if (warning.place.text() == place.text() && warning.message == message) return;
  warnings_.add(place, where, std::move(message));
}

std::string Registry::full_name(const ClassInfo& info) const {
  for (const auto* plugin : loaded_)
    for (const auto& other : plugin->classes)
      if (&other == &info) return plugin->name + "." + info.name;
  return info.name;
}

std::shared_ptr<void> Registry::make(const ClassInfo& info, Kind kind, const Value& params, void* context) const {
  const auto name = full_name(info);
  if (info.kind != kind) throw Error(name + " is " + with_article(info.kind) + ", not " + with_article(kind));
  try {
    return info.create(params, context);
  } catch (...) {
    throw Error(name + ": " + exception_text());
  }
}

}  // namespace dl::host
