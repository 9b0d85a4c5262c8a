#include "core/plugin_path.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <system_error>

#include "core/plugin_file.h"

namespace dl::host {
namespace fs = std::filesystem;
namespace {

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

/// A library that happens to lie there takes no name away from a plugin.
bool is_passed_over(const fs::path& file) { return read_plugin_file(file).type == PluginFile::Type::no_plugin; }

/// The same for every way to write it.
fs::path identity(const fs::path& path) {
  std::error_code error;
  auto real = fs::weakly_canonical(path, error);
  return error ? path.lexically_normal() : real;
}

/// Collects the plugins of one folder of the path.
class Walk {
 public:
  Walk(const fs::path& root, std::set<fs::path> visited) : root_(root), visited_(std::move(visited)) {}

  std::vector<PluginPlace> places() {
    folder(root_, "");
    std::sort(places_.begin(), places_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(places_);
  }

 private:
  void folder(const fs::path& path, const std::string& prefix) {
    std::error_code error;
    for (fs::directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error)) {
      const auto name = it->path().filename().string();
      std::error_code unreadable;
      if (name.starts_with('.')) continue;
      if (it->is_directory(unreadable)) {
        // A link back up, or a folder that is on the path itself, would list its plugins twice, under wrong names.
        if (visited_.insert(identity(it->path())).second) folder(it->path(), prefix + name + ".");
      } else if (it->path().extension() == ".so") {
        places_.push_back({prefix + it->path().stem().string(), root_, it->path(), {}});
      }
    }
  }

  fs::path root_;
  std::set<fs::path> visited_;
  std::vector<PluginPlace> places_;
};

/// Adds folders to the path, each once, in order.
class PathBuilder {
 public:
  explicit PathBuilder(Problems& problems) : problems_(problems) {}
  void add(const fs::path& folder, const Place& place, const std::string& table) {
    if (!is_folder(folder)) {
      std::error_code error;
      problems_.add(place, table,
                    "the plugin folder " + folder.string() +
                        (fs::exists(folder, error) ? " is not a folder" : " does not exist"));
    } else if (seen_.insert(identity(folder)).second) {
      path_.push_back(folder);
    }
  }
  std::vector<fs::path> take() { return std::move(path_); }

 private:
  Problems& problems_;
  std::vector<fs::path> path_;
  std::set<fs::path> seen_;
};

}  // namespace

fs::path default_plugin_folder() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path().parent_path() / "lib" / "dlhost" / "plugins";
}

std::vector<fs::path> plugin_path(const std::vector<std::string>& cli, const Value& config, Problems& problems) {
  PathBuilder builder(problems);
  for (const auto& folder : cli) builder.add(folder, {"--plugin-path", 0, 0}, "");
  const auto* plugins = config.find("plugins");
  if (const auto* listed = plugins ? plugins->find("path") : nullptr) {
    const auto* list = listed->get_if<Value::List>();
    for (const auto& folder : list ? *list : Value::List{*listed})
      if (const auto* text = folder.get_if<std::string>())  // other types: the schema of [plugins] reports them
        builder.add(fs::path(folder.place.file).parent_path() / *text, folder.place, "plugins");
  }
  if (const char* variable = std::getenv("DLHOST_PLUGIN_PATH")) {
    const std::string text = variable;
    for (size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find(':', begin), text.size());
      if (end > begin) builder.add(text.substr(begin, end - begin), {"DLHOST_PLUGIN_PATH", 0, 0}, "");
      begin = end + 1;
    }
  }
  if (const auto folder = default_plugin_folder(); is_folder(folder)) builder.add(folder, {}, "");
  return builder.take();
}

std::vector<PluginPlace> plugin_places(const std::vector<fs::path>& search_path) {
  std::set<fs::path> roots;
  for (const auto& folder : search_path) roots.insert(identity(folder));
  std::map<std::string, fs::path> hits;
  std::vector<PluginPlace> out;
  for (const auto& folder : search_path) {
    for (auto& place : Walk(folder, roots).places()) {
      if (const auto hit = hits.find(place.name); hit != hits.end())
        place.shadowed_by = hit->second;
      else if (!is_passed_over(place.file))
        hits.emplace(place.name, place.file);
      out.push_back(std::move(place));
    }
  }
  return out;
}

std::optional<PluginPlace> find_plugin(const std::vector<fs::path>& search_path, const std::string& name) {
  auto relative = name;
  std::replace(relative.begin(), relative.end(), '.', '/');
  std::optional<PluginPlace> no_plugin;
  for (const auto& folder : search_path) {
    const PluginPlace place{name, folder, folder / (relative + ".so"), {}};
    std::error_code error;
    if (!fs::exists(fs::symlink_status(place.file, error))) continue;
    if (!is_passed_over(place.file)) return place;
    if (!no_plugin) no_plugin = place;
  }
  return no_plugin;
}

}  // namespace dl::host
