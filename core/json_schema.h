#pragma once
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/plugin_loader.h"

namespace dl::host {

/// A JSON Schema (draft 7) of configs: the host's tables, and for every class of `plugins` its options, with docs,
/// defaults and ranges. It is laid out for Taplo, the language server behind the TOML modes of most editors, which
/// completes what stands in `properties`, `anyOf` and `enum`, and checks by all of it: so the options of all classes of
/// a kind are offered below `params`, and those of the `type` that is there are checked.
nlohmann::ordered_json json_schema(const std::vector<const LoadedPlugin*>& plugins);

}  // namespace dl::host
