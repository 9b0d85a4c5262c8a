#pragma once
#include <map>
#include <memory>
#include <string>

#include "dl/network.h"
#include "dl/problems.h"

namespace dl::host {

/// Whether a pattern of the config (`*` for anything, `?` for one character, `[ab]`) fits a parameter: its name, or
/// "NETWORK.name".
bool fits(const std::string& pattern, const std::string& network, const std::string& parameter);

/// Throws UsageError, naming `place`, where it is known, the table `where` and the nearest parameter, where `pattern`
/// fits none of the networks'.
void check_fits(const std::string& pattern, const std::map<std::string, std::shared_ptr<Network>>& networks,
                const std::string& where, const Place& place = {});

}  // namespace dl::host
