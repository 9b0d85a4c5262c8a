#pragma once
#include <string>
#include <vector>

namespace dl::host {

/// What dlopen() said of `file`, in words for people: C++ symbols demangled, and who needs a library that is missing.
/// `needed`: the file's own DT_NEEDED.
std::string describe_dlopen_error(const std::string& message, const std::string& file,
                                  const std::vector<std::string>& needed);

}  // namespace dl::host
