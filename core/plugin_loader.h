#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin_file.h"
#include "core/plugin_path.h"
#include "dl/error.h"
#include "dl/plugin.h"

namespace dl::host {

/// What became of a file on the path. `no_plugin` files are passed over, the others are in exactly one of five states.
enum class PluginState { ok, incompatible, not_loadable, crashed, shadowed, no_plugin };
/// "ok", "incompatible", "not loadable", "crashed", "shadowed", "no plugin".
std::string to_string(PluginState state);

/// A class that the host can't use: its interface was another one when the plugin was compiled, or its schema is wrong.
struct RefusedClass {
  std::string name;
  std::string kind;  ///< as dl::to_string gives it
  std::string reason;
};

/// An open plugin. The library stays mapped until the process ends, so `classes` may be copied and kept.
struct LoadedPlugin {
  std::string name;
  std::filesystem::path file;
  Stamp stamp;
  std::vector<ClassInfo> classes;
  std::vector<RefusedClass> refused;
};

/// A plugin that can't be used.
class PluginError : public Error {
 public:
  PluginError(PluginState state, const std::string& text) : Error(text), state_(state), reason_(text) {}
  /// what() is "FILE: STATE: REASON".
  PluginError(const PluginPlace& place, PluginState state, std::string reason);
  PluginState state() const { return state_; }
  const std::string& reason() const { return reason_; }

 private:
  PluginState state_;
  std::string reason_;
};

/// Everything that can be checked without running code of the plugin: that `file`, read from this place, is a plugin
/// for this host, and that its name is its place's. Throws PluginError.
void check_plugin(const PluginPlace& place, const PluginFile& file);

/// Checks, opens (RTLD_NOW | RTLD_LOCAL, never unloaded) and registers a plugin. `opened` is called between opening and
/// registering. A crash in the plugin is a crash of this process: see scan_plugin(). Throws PluginError.
std::unique_ptr<LoadedPlugin> load_plugin(const PluginPlace& place, const std::function<void()>& opened = {});

/// The `kAbi` of the host's interface of this kind.
uint32_t host_kind_abi(Kind kind);

}  // namespace dl::host
