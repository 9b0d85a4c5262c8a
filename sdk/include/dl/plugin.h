#pragma once
/// Registration. Once per plugin, in one source file, with a `namespace` block or not, at file scope:
///
///     DL_PLUGIN("vision", "1.0.0", "Image models and data") { r.add<SimpleCNN>("SimpleCNN").add<ResNet>("ResNet"); }
///
/// The stamp lies in the ELF section `.dlhost`, which the host reads before it opens the file; the function is called
/// after the stamp was accepted. No static registrars: nothing runs at load time.
#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>
#include <torch/version.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dl/kind.h"
#include "dl/schema.h"

namespace dl {

/// What a class can work with, known before an object is made: the host checks the config against it. A class says so
/// in `static dl::Traits traits()`; what it doesn't say has these defaults.
struct Traits {
  std::vector<c10::ScalarType> dtypes;   ///< of parameters and floating data (`[engine] precision`); empty: any
  std::vector<c10::DeviceType> devices;  ///< empty: any
  bool sharded = false;     ///< a backend whose params() are pieces of tensors: must equal its Backend::sharded()
  bool elementwise = true;  ///< false: an optimizer that needs whole tensors (LAMB, Muon)
};

/// A registered class: all that the host needs to check, describe and make it.
struct DL_API ClassInfo {
  Kind kind;
  uint32_t kind_abi = 0;  ///< the interface's kAbi when the plugin was compiled
  std::string name, doc;
  std::vector<std::string> former_names;  ///< still accepted, with a warning that names the new one
  std::vector<Field> fields;
  std::vector<Role> roles;
  Traits traits;
  /// Adds whatever is wrong with `params` (a table) to `problems`; `where` names the table.
  std::function<void(const Value& params, const std::string& where, Problems& problems)> check;
  /// An object of the kind's interface. `context` points at the interface's Context; null where that is void.
  std::function<std::shared_ptr<void>(const Value& params, void* context)> create;
};

class DL_API Registrar {
 public:
  virtual ~Registrar();
  /// Throws Error on a name that the plugin has registered already.
  virtual void add(ClassInfo info) = 0;

  /// T has `static auto schema()` (a Schema<Options>) and a constructor from `const Options&`, with or without the
  /// context of its kind; and `static dl::Traits traits()` where the defaults are not right.
  template <class T>
  Registrar& add(std::string name, std::vector<std::string> former_names = {}) {
    using Interface = typename T::Interface;
    using Context = typename Interface::Context;
    auto schema = T::schema();
    ClassInfo info{
        T::kKind, T::kAbi, std::move(name), schema.doc(), std::move(former_names), schema.fields(), schema.roles(), {},
        {},       {}};
    if constexpr (requires { T::traits(); }) info.traits = T::traits();
    info.check = [schema](const Value& params, const std::string& where, Problems& problems) {
      (void)schema.read(params, where, problems);
    };
    info.create = [schema](const Value& params, [[maybe_unused]] void* context) -> std::shared_ptr<void> {
      Problems problems;
      auto options = schema.read(params, "params", problems);
      if (!problems.empty()) throw Error(problems.text());
      std::shared_ptr<Interface> made;
      if constexpr (std::is_void_v<Context>) {
        made = std::make_shared<T>(options);
      } else if constexpr (std::is_constructible_v<T, decltype(options), Context&>) {
        made = std::make_shared<T>(options, *static_cast<Context*>(context));
      } else {
        made = std::make_shared<T>(options);
      }
      return made;
    };
    add(std::move(info));
    return *this;
  }
};

}  // namespace dl

#define DL_PLUGIN(NAME, VERSION, DOC)                                                                              \
  extern "C" {                                                                                                     \
  DL_API extern const char dl_plugin_stamp[];                                                                      \
  __attribute__((section(".dlhost"), used, retain, aligned(8))) const char dl_plugin_stamp[] =                     \
      "DLHOST1\0sdk_abi=" DL_STR(DL_SDK_ABI) "\0torch=" TORCH_VERSION "\0cxx11_abi=" DL_STR(                       \
          _GLIBCXX_USE_CXX11_ABI) "\0compiler=" __VERSION__ "\0name=" NAME "\0version=" VERSION "\0doc=" DOC "\0"; \
  DL_API void dl_plugin_register(dl::Registrar&);                                                                  \
  }                                                                                                                \
  void dl_plugin_register(dl::Registrar& r)
