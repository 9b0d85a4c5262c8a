#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/registry.h"
#include "dl/value.h"

namespace dl::host {

/// What the command line says about a run.
struct RunArguments {
  std::filesystem::path config;  ///< a TOML file, or for test and validate a checkpoint
  std::vector<std::string> set;  ///< KEY=VALUE
  std::vector<std::string> plugin_path;
  std::string run_dir;
  std::string resume;        ///< "auto" or a path; empty: [train] resume_ckpt
  std::string command_line;  ///< for run.json
  bool json = false;
};

/// The config with `--set` applied and `${NAME}` replaced by environment variables (core/variables.h); paths in it are
/// made absolute, so that the copy kept with a run works anywhere. Throws UsageError where there is no TOML to read;
/// what is wrong in it goes to `problems`.
Value load_config(const std::filesystem::path& file, const std::vector<std::string>& set, Problems& problems);

/// The registry for it. Folders that are not there go to `problems`, and the others are searched.
Registry make_registry(const Value& config, const std::vector<std::string>& plugin_path, Problems& problems);

}  // namespace dl::host
