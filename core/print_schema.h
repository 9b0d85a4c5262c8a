#pragma once
#include <ostream>

#include "core/config.h"

namespace dl::host {

/// `dlhost schema [CFG.toml]`: a JSON Schema of configs with every class that can be loaded from the plugin path (that
/// of CFG.toml, where one is given), or with `markdown` their reference (docs/config.md). Plugins that can't be used
/// are left out, with a warning on `err`. Returns the exit code.
int print_schema(const RunArguments& arguments, bool markdown, std::ostream& out, std::ostream& err);

}  // namespace dl::host
