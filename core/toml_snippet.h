#pragma once
#include <string>

#include "dl/plugin.h"

namespace dl::host {

/// The class's entry in a config, with the defaults of its options: to paste and change.
std::string toml_snippet(const std::string& full_name, const ClassInfo& info);

/// Where a config names an object of this kind under the role `name`: "model.network" for the role "main", else
/// "model.networks.NAME".
std::string config_place(Kind kind, const std::string& name = "main");

}  // namespace dl::host
