#pragma once
#include <ostream>
#include <vector>

#include "core/plugin_loader.h"

namespace dl::host {

/// The reference of the config in Markdown: the host's tables, then the classes of `plugins` by kind, all from their
/// schemas.
void write_reference(const std::vector<const LoadedPlugin*>& plugins, std::ostream& out);

}  // namespace dl::host
