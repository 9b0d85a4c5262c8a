#pragma once
#include <filesystem>
#include <functional>
#include <optional>

#include "core/config.h"
#include "core/console.h"
#include "core/plan.h"
#include "dl/communicator.h"

namespace dl::host {

/// A whole checkpoint to go on from, and the run directory to go on in; empty: a new one.
struct ResumePoint {
  std::filesystem::path checkpoint, run_dir;
};

/// Why other hosts can't go on from a checkpoint that is whole on this one; "" where they can.
using LackedElsewhere = std::function<std::string(const std::filesystem::path& checkpoint)>;

/// The checkpoint that `[train] resume_ckpt` names by its path. Throws UsageError, with the place in the config.
std::filesystem::path configured_checkpoint(const Plan& plan);

/// What `--resume`, or `[train] resume_ckpt`, asks for. "auto": the newest checkpoint of `--run-dir`, or of the newest
/// run of the config's experiment and name, that is whole on all hosts; nothing where there is none. What is skipped is
/// said with the reason. A path: that one, or an Error. Reads the checkpoint once, to check its sums. One rank.
std::optional<ResumePoint> find_resume_point(const RunArguments& arguments, const Plan& plan,
                                             const LackedElsewhere& lacked, Console& console);

/// Rank 0's answer, on every rank; meanwhile the other hosts' first ranks look at what rank 0 asks for. All ranks.
std::optional<ResumePoint> shared_resume_point(
    Communicator& control, const std::function<std::optional<ResumePoint>(const LackedElsewhere&)>& find);

}  // namespace dl::host
