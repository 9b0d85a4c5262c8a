#pragma once
#include <ostream>
#include <string>

#include "core/registry.h"

namespace dl::host {

/// `dlhost inspect lib.Class`: kind, doc, file, version, every option, the roles it needs, and TOML to paste;
/// `dlhost inspect lib`: the library's classes. Returns the exit code; errors go to `err`: 2 for a name that is not
/// there, 3 for a library that can't be used.
int inspect(Registry& registry, const std::string& type, bool json, std::ostream& out, std::ostream& err);

}  // namespace dl::host
