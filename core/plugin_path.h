#pragma once
/// Where plugins are looked for, and what lies there. A file that is no plugin (PluginFile::Type::no_plugin) is passed
/// over where another folder has a plugin of its name.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dl/problems.h"

namespace dl::host {

/// The folders to search, in order: `cli` (the arguments of --plugin-path), `[plugins] path` of `config` (the whole
/// config, or an empty table; a list of strings, relative to the file they stand in), DLHOST_PLUGIN_PATH
/// (colons), lib/dlhost/plugins beside the executable's folder. A folder that was named and isn't there is a problem,
/// with the place of its name; only the last one may be missing.
std::vector<std::filesystem::path> plugin_path(const std::vector<std::string>& cli, const Value& config,
                                               Problems& problems);
/// <prefix>/lib/dlhost/plugins, of the prefix whose bin/ this program was started from.
std::filesystem::path default_plugin_folder();

/// A library on the path: FOLDER/X/Y.so has the name X.Y.
struct PluginPlace {
  std::string name;
  std::filesystem::path folder, file;  ///< the folder of the path that it was found in; the file itself
  std::filesystem::path shadowed_by;   ///< the file of that name in an earlier folder; empty where there is none
};

/// Every NAME.so below the folders, sorted by name within each folder. Subfolders are walked, except hidden ones and
/// those that are on the path themselves.
std::vector<PluginPlace> plugin_places(const std::vector<std::filesystem::path>& search_path);
/// The first hit of the library `name`; a file that is no plugin only where there is nothing else.
std::optional<PluginPlace> find_plugin(const std::vector<std::filesystem::path>& search_path, const std::string& name);

}  // namespace dl::host
