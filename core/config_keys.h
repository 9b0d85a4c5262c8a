#pragma once
#include <optional>
#include <string>

#include "dl/kind.h"

namespace dl::host {

/// A key of the config that names plugin classes. The schemas of the host's tables know its type only as "table" or
/// "any"; this is for editors and the reference.
struct ClassKey {
  enum class Form {
    choice,          ///< { type, params }
    by_name,         ///< a table of those by name
    list,            ///< a list of those
    by_split,        ///< a table of such lists: train, validation, test
    name_or_choice,  ///< "lib.Class" or another word, or { type, params }
  };
  Kind kind;
  Form form;
  bool required = false;
};

/// What the key is, by its path, such as "model.network"; nothing where it names no class. A whole table may be one:
/// "logger".
std::optional<ClassKey> class_key(const std::string& path);

}  // namespace dl::host
