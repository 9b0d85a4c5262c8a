#pragma once
#include <string>

namespace dl::host {

/// Whether a pattern of the config (`*` for anything, `?` for one character, `[ab]`) fits a parameter: its name, or
/// "NETWORK.name".
bool fits(const std::string& pattern, const std::string& network, const std::string& parameter);

}  // namespace dl::host
