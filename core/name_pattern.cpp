#include "core/name_pattern.h"

#include <fnmatch.h>

#include "core/errors.h"

namespace dl::host {

bool fits(const std::string& pattern, const std::string& network, const std::string& parameter) {
  return fnmatch(pattern.c_str(), parameter.c_str(), 0) == 0 ||
         fnmatch(pattern.c_str(), (network + "." + parameter).c_str(), 0) == 0;
}

void check_fits(const std::string& pattern, const std::map<std::string, std::shared_ptr<Network>>& networks,
                const std::string& where, const Place& place) {
  std::vector<std::string> names;
  for (const auto& [network, module] : networks)
    for (const auto& item : module->named_parameters()) {
      if (fits(pattern, network, item.key())) return;
      names.push_back(item.key());
    }
  const auto at = place.text();
  throw UsageError((at.empty() ? "" : at + ": ") + "[" + where + "] match = \"" + pattern + "\" fits no parameter" +
                   did_you_mean(pattern, names) + " (there are: " + join(names) + ")");
}

}  // namespace dl::host
