#pragma once
#include <string>
#include <vector>

#include "core/plugin_loader.h"

namespace dl::host {

struct ScannedClass {
  std::string name, kind, doc;
};

/// What is known of a file on the path, learnt without opening it in this process.
struct PluginReport {
  PluginPlace place;
  PluginState state = PluginState::ok;
  std::string reason;  ///< of every state but ok
  Stamp stamp;
  std::vector<ScannedClass> classes;
  std::vector<RefusedClass> refused;
};

/// Checks the file, then opens and registers it in a child process, so that a crash becomes a state.
PluginReport scan_plugin(const PluginPlace& place);
/// All files on the path, in plugin_places()'s order.
std::vector<PluginReport> scan_plugins(const std::vector<std::filesystem::path>& search_path);

}  // namespace dl::host
