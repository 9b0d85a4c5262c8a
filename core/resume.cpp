#include "core/resume.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
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

/// The runs of that experiment and name, as their run.json has them. Newest first: their folders' names begin with the
/// time, and end with -2, -3 where two began in one second.
std::vector<fs::path> runs_of(const RunSettings& run) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry :
       fs::directory_iterator(fs::path(run.dir) / RunDirectory::as_file_name(run.experiment), ignored)) {
    std::ifstream file(entry.path() / "run.json");
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (json.is_object() && json.value("name", nlohmann::json()) == run.name)
      found.push_back(fs::absolute(entry.path()));
  }
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    const auto x = a.filename().string(), y = b.filename().string();
    constexpr size_t kTime = sizeof("2026-11-24T16-22-05Z") - 1;
    const auto later = x.compare(0, kTime, y, 0, kTime);
    return later != 0 ? later > 0 : x.size() != y.size() ? x.size() > y.size() : x > y;
  });
  return found;
}

std::optional<ResumePoint> newest_whole(const std::vector<fs::path>& runs, const LackedElsewhere& lacked,
                                        Console& console) {
  const auto skipped = [&](const fs::path& what, const std::string& why) {
    console.warn("--resume auto: skipped " + what.string() + ": " + why);
  };
  for (const auto& run : runs) {
    const auto found = find_checkpoints(run / "checkpoints");
    for (const auto& [folder, why] : found.not_whole) skipped(folder, why);
    for (const auto& checkpoint : found.whole) {
      try {
        verify_checkpoint(checkpoint);
      } catch (const Error& error) {
        skipped(checkpoint, error.what());
        continue;
      }
      const auto why = lacked(fs::canonical(checkpoint));
      if (why.empty()) return ResumePoint{fs::canonical(checkpoint), fs::canonical(run)};
      skipped(checkpoint, why);
    }
    if (found.whole.empty() && fs::exists(run)) skipped(run, "it has no whole checkpoint");
  }
  return std::nullopt;
}

}  // namespace

fs::path configured_checkpoint(const Plan& plan) {
  try {
    return resolve_checkpoint(plan.settings.train.resume_ckpt);
  } catch (const Error& error) {
    throw UsageError(plan.named("train", "resume_ckpt") + ": " + error.what());
  }
}

std::optional<ResumePoint> find_resume_point(const RunArguments& arguments, const Plan& plan,
                                             const LackedElsewhere& lacked, Console& console) {
  const auto& wanted = arguments.resume.empty() ? plan.settings.train.resume_ckpt : arguments.resume;
  if (wanted.empty()) return std::nullopt;
  if (wanted == "auto") {
    auto runs =
        arguments.run_dir.empty() ? runs_of(plan.settings.run) : std::vector<fs::path>{fs::absolute(arguments.run_dir)};
    auto found = newest_whole(runs, lacked, console);
    if (!found) console.info("--resume auto: no checkpoint to go on from; a new run begins");
    return found;
  }
  ResumePoint point{arguments.resume.empty() ? configured_checkpoint(plan) : resolve_checkpoint(wanted), {}};
  verify_checkpoint(point.checkpoint);
  if (const auto why = lacked(point.checkpoint); !why.empty()) throw Error(why);
  point.run_dir = run_of(point.checkpoint);
  if (!arguments.run_dir.empty() && fs::weakly_canonical(arguments.run_dir) != point.run_dir) point.run_dir.clear();
  return point;
}

std::optional<ResumePoint> shared_resume_point(
    Communicator& control, const std::function<std::optional<ResumePoint>(const LackedElsewhere&)>& find) {
  const auto hosts = control.hosts();
  const auto& host = hosts[static_cast<size_t>(control.rank())];
  // Of hosts that share the folder each looks, too: that costs no more than to load it.
  const bool looks = host != hosts[0] && control.local_rank() == 0;
  const auto ask = [&](const std::string& checkpoint) {
    std::string why;
    if (looks) try {
        verify_checkpoint(checkpoint);
      } catch (const Error& error) {
        why = "on " + host + ": " + error.what();
      }
    for (const auto& text : all_texts(control, why, "the checkpoint to go on from"))
      if (!text.empty()) return text;
    return std::string();
  };
  const auto share = [&](const std::string& checkpoint) {
    return shared_text(control, checkpoint, "the checkpoint to go on from");
  };
  std::optional<ResumePoint> point;
  if (control.rank() == 0) {
    point = find([&](const fs::path& checkpoint) { return ask(share(checkpoint.string())); });
    share("");
  } else {
    while (true) {
      const auto asked = share("");
      if (asked.empty()) break;
      ask(asked);
    }
  }
  const auto checkpoint = share(point ? point->checkpoint.string() : "");
  const auto run_dir = shared_text(control, point ? point->run_dir.string() : "", "the run to go on");
  if (checkpoint.empty()) return std::nullopt;
  return ResumePoint{checkpoint, run_dir};
}

}  // namespace dl::host
