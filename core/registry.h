#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin_loader.h"
#include "core/plugin_scan.h"
#include "dl/plugin.h"

namespace dl::host {

/// From `type = "lib.Class"` to the class, and from the class to an object. Opens a library when its first class is
/// asked for; what was opened stays open. One thread.
class Registry {
 public:
  explicit Registry(std::vector<std::filesystem::path> search_path);

  /// The class `type` = "lib.Class" of this kind; null where there is none, with the reason, the nearest name and the
  /// remedy added to `problems` at `place` and `where` (the table, such as "model.network"). Valid as long as the
  /// registry.
  const ClassInfo* find(const std::string& type, Kind kind, const Place& place, const std::string& where,
                        Problems& problems);
  /// Of any kind.
  const ClassInfo* find(const std::string& type, const Place& place, const std::string& where, Problems& problems);
  /// The library `name`, opened where it isn't yet.
  const LoadedPlugin* library(const std::string& name, const Place& place, const std::string& where,
                              Problems& problems);

  /// An object of the class. `context` may be null where the interface's Context is void. Throws Error with the class's
  /// full name before the text of whatever its constructor threw.
  template <class Interface>
  std::shared_ptr<Interface> create(const ClassInfo& info, const Value& params,
                                    typename Interface::Context* context = nullptr) const {
    const void* pointer = context;
    return std::static_pointer_cast<Interface>(make(info, Interface::kKind, params, const_cast<void*>(pointer)));
  }

  /// "lib.Class".
  std::string full_name(const ClassInfo& info) const;
  /// True where a library was missing, incompatible, not loadable or crashed: the process then exits with 3, not 2.
  bool broken_plugin() const { return broken_plugin_; }
  /// In the order of opening.
  const std::vector<LoadedPlugin*>& loaded() const { return loaded_; }
  /// Names that still work but have a new form, for the caller to print. One a place.
  const Problems& warnings() const { return warnings_; }
  const std::vector<std::filesystem::path>& search_path() const { return search_path_; }

 private:
  const LoadedPlugin* library(const std::string& name, const std::string& class_name, const Place& place,
                              const std::string& where, Problems& problems);
  std::shared_ptr<void> make(const ClassInfo& info, Kind kind, const Value& params, void* context) const;
  void warn(const Place& place, const std::string& where, std::string message);
  std::string missing_library(const std::string& name, const std::string& class_name);
  std::string missing_class(const LoadedPlugin& plugin, const std::string& name);
  /// `; did you mean "lib.Class"?` of all libraries but `except`, or "".
  std::string suggest(const std::string& class_name, const std::string& except);
  const std::vector<PluginReport>& scan();

  struct Library {
    std::unique_ptr<LoadedPlugin> plugin;  ///< null where it can't be used
    std::string error;
  };
  std::vector<std::filesystem::path> search_path_;
  std::map<std::string, Library> libraries_;
  std::vector<LoadedPlugin*> loaded_;
  std::vector<PluginReport> scan_;
  Problems warnings_;
  bool scanned_ = false;  ///< scan_ is costly, and only for messages
  bool broken_plugin_ = false;
};

}  // namespace dl::host
