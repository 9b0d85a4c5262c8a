#include "core/name_pattern.h"

#include <fnmatch.h>

namespace dl::host {

bool fits(const std::string& pattern, const std::string& network, const std::string& parameter) {
  return fnmatch(pattern.c_str(), parameter.c_str(), 0) == 0 ||
         fnmatch(pattern.c_str(), (network + "." + parameter).c_str(), 0) == 0;
}

}  // namespace dl::host
