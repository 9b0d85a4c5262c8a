#pragma once
#include <filesystem>
#include <ostream>
#include <vector>

namespace dl::host {

struct ListOptions {
  bool verbose = false;  ///< also files that are no plugins
  bool json = false;
  bool strict = false;  ///< exit code 3 where a plugin or a class can't be used
  bool color = false;   ///< for a terminal
  size_t width = 100;   ///< columns
};

/// `dlhost list-plugins`: every plugin on `search_path`, its state, its classes, or the reason why not. Returns the
/// exit code. Opens plugins in child processes only.
int list_plugins(const std::vector<std::filesystem::path>& search_path, const ListOptions& options, std::ostream& out);

}  // namespace dl::host
