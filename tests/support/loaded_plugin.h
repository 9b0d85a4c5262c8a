#pragma once
/// A plugin's library as the host opens it, so that tests see the classes as users do: by name, through their schema.
#include <dlfcn.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "dl/plugin.h"

namespace support {

/// {key = value, …} as the config would hold it.
inline dl::Value table(std::initializer_list<std::pair<const char*, dl::Value>> entries) {
  dl::Value::Table result;
  for (const auto& [key, value] : entries) result.push_back({key, value, {}});
  return dl::Value(std::move(result));
}

class LoadedPlugin : private dl::Registrar {
 public:
  /// Opens `file` for the life of the process.
  explicit LoadedPlugin(const char* file) {
    void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) throw dl::Error(dlerror());
    reinterpret_cast<void (*)(dl::Registrar&)>(dlsym(library, "dl_plugin_register"))(*this);
  }
  const dl::ClassInfo& info(const std::string& name) const { return classes_.at(name); }
  size_t size() const { return classes_.size(); }

  /// Throws dl::Error with all that is wrong with `params`, or what the constructor throws.
  template <class Interface>
  std::shared_ptr<Interface> make(const std::string& name, const dl::Value& params = {},
                                  const void* context = nullptr) const {
    const auto& info = classes_.at(name);
    if (info.kind != Interface::kKind) throw dl::Error(name + " is a " + dl::to_string(info.kind));
    return std::static_pointer_cast<Interface>(info.create(params, const_cast<void*>(context)));
  }

 private:
  void add(dl::ClassInfo info) override {
    auto name = info.name;
    if (!classes_.emplace(name, std::move(info)).second) throw dl::Error("registered twice: " + name);
  }
  std::map<std::string, dl::ClassInfo> classes_;
};

}  // namespace support
