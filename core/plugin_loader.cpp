#include "core/plugin_loader.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <utility>

#include "core/class_check.h"
#include "core/dlopen_error.h"
#include "core/exception_text.h"
#include "dl/dl.h"

namespace dl::host {
namespace {

constexpr const char* kRegister = "dl_plugin_register";

/// Takes a plugin's classes and refuses those that can't work here.
class Collector : public Registrar {
 public:
  explicit Collector(LoadedPlugin& plugin) : plugin_(plugin) {}

  void add(ClassInfo info) override {
    for (const auto& other : plugin_.classes)
      if (other.name == info.name) twice(info.name);
    for (const auto& other : plugin_.refused)
      if (other.name == info.name) twice(info.name);
    const auto host = host_kind_abi(info.kind);
    if (info.kind_abi == host) {
      if (auto fault = class_fault(info); fault.empty())
        plugin_.classes.push_back(std::move(info));
      else
        plugin_.refused.push_back({info.name, to_string(info.kind), fault + "; its author must mend the plugin"});
      return;
    }
    const auto kind = host ? to_string(info.kind) : "unknown";
    const auto reason =
        host ? "compiled for version " + std::to_string(info.kind_abi) + " of the interface \"" + kind +
                   "\", this dlhost has version " + std::to_string(host)
             : "its kind (number " + std::to_string(static_cast<int>(info.kind)) + ") is not known to this dlhost";
    plugin_.refused.push_back({info.name, kind, reason + "; rebuild the plugin"});
  }

 private:
  [[noreturn]] void twice(const std::string& name) const {
    throw Error("the class name \"" + name + "\" is registered twice; give each class its own name");
  }
  LoadedPlugin& plugin_;
};

/// Opens the library for the rest of the process's life.
boost::dll::shared_library open(const PluginPlace& place, const PluginFile& file) {
  boost::dll::shared_library library;
  const auto refuse = [&](const std::string& reason) -> PluginError {
    return {place, PluginState::not_loadable, "cannot load: " + reason};
  };
  boost::dll::fs::error_code error;
  library.load(place.file, error, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (!library.is_loaded()) {
    const char* message = ::dlerror();  // Boost's own text would wrap this one
    throw refuse(describe_dlopen_error(message ? message : error.message(), place.file.string(), file.needed));
  }
  // Objects, deleters and exceptions of a plugin outlive every handle: its code must stay.
  if (!::dlopen(place.file.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE)) throw refuse(::dlerror());
  return library;
}

}  // namespace

std::string to_string(PluginState state) {
  static constexpr const char* kNames[] = {"ok", "incompatible", "not loadable", "crashed", "shadowed", "no plugin"};
  return kNames[static_cast<size_t>(state)];
}

PluginError::PluginError(const PluginPlace& place, PluginState state, std::string reason)
    : Error(place.file.string() + ": " + to_string(state) + ": " + reason), state_(state), reason_(std::move(reason)) {}

uint32_t host_kind_abi(Kind kind) {
  switch (kind) {
    case Kind::network:
      return Network::kAbi;
    case Kind::task:
      return Task::kAbi;
    case Kind::loss:
      return Loss::kAbi;
    case Kind::metric:
      return Metric::kAbi;
    case Kind::optimizer:
      return Optimizer::kAbi;
    case Kind::scheduler:
      return Scheduler::kAbi;
    case Kind::data:
      return Data::kAbi;
    case Kind::transform:
      return Transform::kAbi;
    case Kind::backend:
      return Backend::kAbi;
    case Kind::communicator:
      return Communicator::kAbi;
    case Kind::logger:
      return Logger::kAbi;
  }
  return 0;
}

void check_plugin(const PluginPlace& place, const PluginFile& file) {
  switch (file.type) {
    case PluginFile::Type::no_plugin:
      throw PluginError(place, PluginState::no_plugin, file.reason);
    case PluginFile::Type::damaged:
      throw PluginError(place, PluginState::not_loadable, file.reason);
    case PluginFile::Type::foreign:
    case PluginFile::Type::unknown_stamp:
      throw PluginError(place, PluginState::incompatible, file.reason);
    case PluginFile::Type::plugin:
      break;
  }
  if (const auto differences = compare_stamps(file.stamp, host_stamp()); !differences.empty())
    throw PluginError(place, PluginState::incompatible, describe(differences));
  const auto& name = file.stamp.name;
  if (name == place.name) return;
  std::string remedy;
  if (place.name.ends_with("." + name)) {
    remedy = "put the folder " + place.file.parent_path().string() + " itself on the plugin path";
  } else {
    auto file_name = name + ".so";
    for (size_t i = 0; i < name.size(); ++i)
      if (file_name[i] == '.') file_name[i] = '/';
    remedy = "name the file " + file_name + ", or the plugin \"" + place.name + "\"";
  }
  throw PluginError(place, PluginState::not_loadable,
                    "it calls itself \"" + name + "\", but its place is that of \"" + place.name + "\"; " + remedy);
}

std::unique_ptr<LoadedPlugin> load_plugin(const PluginPlace& place, const std::function<void()>& opened) {
  const auto file = read_plugin_file(place.file);
  check_plugin(place, file);
  const auto library = open(place, file);
  if (opened) opened();
  if (!library.has(kRegister))
    throw PluginError(place, PluginState::not_loadable,
                      std::string("it has a stamp, but no function ") + kRegister + "; DL_PLUGIN(…) { … } makes both");
  auto plugin = std::make_unique<LoadedPlugin>();
  plugin->name = place.name;
  plugin->file = place.file;
  plugin->stamp = file.stamp;
  Collector collector(*plugin);
  try {
    library.get<void(Registrar&)>(kRegister)(collector);
  } catch (...) {
    throw PluginError(place, PluginState::not_loadable, "its registration failed: " + exception_text());
  }
  return plugin;
}

}  // namespace dl::host
