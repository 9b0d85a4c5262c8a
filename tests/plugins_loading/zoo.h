#pragma once
#include <filesystem>
#include <string>

#include "core/plugin_path.h"
#include "support/temporary_folder.h"

namespace zoo {

class TempFolder : public TemporaryFolder {
 public:
  /// Writes a file, with the folders on its way.
  std::filesystem::path write(const std::filesystem::path& name, const std::string& bytes) const;
  /// Copies tests/bad_plugins/NAME.so to `as`, or NAME.so.
  std::filesystem::path add(const std::string& name, const std::filesystem::path& as = {}) const;
};

std::string read(const std::filesystem::path& file);
/// tests/bad_plugins of the build tree.
std::filesystem::path folder();
std::filesystem::path file(const std::string& name);
/// Where the host finds NAME.
dl::host::PluginPlace place(const std::string& name);

/// `text` contains `part`; a failing check shows both.
bool has(const std::string& text, const std::string& part);

}  // namespace zoo
