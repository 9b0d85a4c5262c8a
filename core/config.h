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

/// The config with `--set` applied; paths in it are made absolute, so that the copy kept with a run works anywhere.
Value load_config(const std::filesystem::path& file, const std::vector<std::string>& set);

/// The registry for it. Throws UsageError on folders that are not there.
Registry make_registry(const Value& config, const std::vector<std::string>& plugin_path);

}  // namespace dl::host
