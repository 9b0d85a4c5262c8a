#pragma once
#include <string>
#include <vector>

#include "core/registry.h"
#include "dl/communicator.h"

namespace dl::host {

/// A file that must be the same on every rank.
struct ProgramFile {
  std::string name;  ///< "dlhost", or the plugin's
  std::string file;
  std::string sum;  ///< file_checksum()
};

/// This program and the plugins that it has open.
std::vector<ProgramFile> program_files(const Registry& registry);

/// Compares them over the ranks: hosts that were installed at different times otherwise train on different code, and
/// nobody sees it. All ranks, one small collective; throws PluginError on all of them, naming the plugin, the odd hosts
/// and their ranks.
void check_same_plugins(const std::vector<ProgramFile>& files, Communicator& control);

}  // namespace dl::host
