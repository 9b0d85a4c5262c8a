#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/settings.h"
#include "dl/problems.h"

namespace dl::host {

/// The files of `[train] init_from`, by network. What is wrong with the key goes to `problems`.
std::map<std::string, std::filesystem::path> initial_weights_files(const TrainSettings& train,
                                                                   const std::vector<std::string>& networks,
                                                                   Problems& problems);

}  // namespace dl::host
