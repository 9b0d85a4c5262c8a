#include "core/resume.h"

#include <algorithm>
#include <vector>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "core/errors.h"
#include "core/run_directory.h"
#include "core/shared_text.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

/// The run directory that a checkpoint lies in; empty where it lies elsewhere.
fs::path run_of(const fs::path& checkpoint) {
  const auto run = checkpoint.parent_path().parent_path();
  return checkpoint.parent_path().filename() == "checkpoints" && fs::exists(run / "run.json") ? run : fs::path();
}

/// Newest first: their names begin with the time.
std::vector<fs::path> runs_of(const RunSettings& run) {
  std::vector<fs::path> found;
  std::error_code ignored;
  const auto suffix = "-" + RunDirectory::as_file_name(run.name);
  for (const auto& entry :
       fs::directory_iterator(fs::path(run.dir) / RunDirectory::as_file_name(run.experiment), ignored))
    if (entry.path().filename().string().ends_with(suffix)) found.push_back(fs::absolute(entry.path()));
  std::sort(found.rbegin(), found.rend());
  return found;
}

std::optional<ResumePoint> newest_whole(const std::vector<fs::path>& runs, Console& console) {
  for (const auto& run : runs) {
    auto checkpoints = list_checkpoints(run / "checkpoints");
    std::reverse(checkpoints.begin(), checkpoints.end());
    for (const auto& checkpoint : checkpoints) try {
        verify_checkpoint(checkpoint);
        return ResumePoint{fs::canonical(checkpoint), fs::canonical(run)};
      } catch (const Error& error) {
        console.warn("--resume auto: skipped " + checkpoint.string() + ": " + error.what());
      }
    if (checkpoints.empty()) console.note("--resume auto: " + run.string() + " has no whole checkpoint");
  }
  return std::nullopt;
}

}  // namespace

std::optional<ResumePoint> find_resume_point(const RunArguments& arguments, const Plan& plan, Console& console) {
  const auto& wanted = arguments.resume.empty() ? plan.settings.train.resume_ckpt : arguments.resume;
  if (wanted.empty()) return std::nullopt;
  if (wanted == "auto") {
    auto runs =
        arguments.run_dir.empty() ? runs_of(plan.settings.run) : std::vector<fs::path>{fs::absolute(arguments.run_dir)};
    auto found = newest_whole(runs, console);
    if (!found) console.info("--resume auto: no checkpoint to go on from; a new run begins");
    return found;
  }
  ResumePoint point{resolve_checkpoint(wanted), {}};
  verify_checkpoint(point.checkpoint);
  point.run_dir = run_of(point.checkpoint);
  if (!arguments.run_dir.empty() && fs::weakly_canonical(arguments.run_dir) != point.run_dir) point.run_dir.clear();
  return point;
}

std::optional<ResumePoint> shared_resume_point(Communicator& control,
                                               const std::function<std::optional<ResumePoint>()>& find) {
  std::optional<ResumePoint> point;
  if (control.rank() == 0) point = find();
  const auto checkpoint = shared_text(control, point ? point->checkpoint.string() : "", "the checkpoint to go on from");
  const auto run_dir = shared_text(control, point ? point->run_dir.string() : "", "the run to go on");
  if (checkpoint.empty()) return std::nullopt;
  return ResumePoint{checkpoint, run_dir};
}

}  // namespace dl::host
