#pragma once
#include <filesystem>
#include <vector>

#include "dl/communicator.h"

namespace dl::host {

/// The ranks that see the same `folder` as this one, in order: all of them, or, where hosts have folders of that name
/// of their own, those of the hosts that see one. Makes the folder, and for a moment a file in it. All ranks.
std::vector<int> ranks_that_share(Communicator& control, const std::filesystem::path& folder);

/// `config.toml` and `run.json` of rank 0's run directory, in this host's own of that name, where it has none: so that
/// the run is found there (`--resume auto`). The record's status says on which host it is kept. `sharing`:
/// ranks_that_share() of it. All ranks.
void copy_run_record(Communicator& control, const std::vector<int>& sharing, const std::filesystem::path& run_dir);

}  // namespace dl::host
