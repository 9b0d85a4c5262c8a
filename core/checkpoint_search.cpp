#include "core/checkpoint_search.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/checkpoint_manifest.h"
#include "core/posix_file.h"
#include "dl/error.h"
#include "dl/problems.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

bool is_whole(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / CheckpointManifest::kName, ignored);
}

/// When it was saved, and its step; 0 where its state.json can't be read.
std::array<int64_t, 2> age_of(const fs::path& checkpoint) {
  std::ifstream file(checkpoint / "state.json");
  const auto json = nlohmann::json::parse(file, nullptr, false);
  const auto number = [&](const char* key) -> int64_t {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  };
  return {number("saved_ms"), number("step")};
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) names.push_back(entry.path().filename().string());
  return names;
}

std::string what_is_whole(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& checkpoint : list_checkpoints(folder)) names.push_back(checkpoint.filename().string());
  return names.empty() ? "there is no whole checkpoint in " + folder.string()
                       : "name one of those in " + folder.string() + ": " + join(names);
}

fs::path last_of(const fs::path& given, const fs::path& checkpoints) {
  const fs::path last = checkpoints / "last";
  if (is_whole(last)) return fs::canonical(last);
  throw Error(given.string() + " has no checkpoint " + (given == checkpoints ? "last" : "checkpoints/last") + "; " +
              what_is_whole(checkpoints));
}

fs::path resolve(const fs::path& given) {
  const auto status = fs::symlink_status(given);
  if (!fs::exists(status)) {
    const fs::path parent = given.has_parent_path() ? given.parent_path() : fs::path(".");
    throw Error("there is no checkpoint " + given.string() + did_you_mean(given.filename().string(), names_in(parent)));
  }
  if (fs::is_symlink(status) && !fs::exists(given))
    throw Error("the link " + given.string() + " points to " + fs::read_symlink(given).string() + ", which is gone; " +
                what_is_whole(given.parent_path()));
  if (!fs::is_directory(given)) throw Error(given.string() + " is a file; name the checkpoint's folder");
  if (is_whole(given)) return fs::canonical(given);
  if (fs::exists(given / "run.json") || fs::is_directory(given / "checkpoints"))
    return last_of(given, given / "checkpoints");
  if (fs::is_symlink(given / "last") || !list_checkpoints(given).empty()) return last_of(given, given);
  throw Error(given.string() + " is no checkpoint (it has no " + CheckpointManifest::kName +
              ") and no run directory (it has no run.json)");
}

}  // namespace

std::vector<fs::path> list_checkpoints(const fs::path& parent) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_symlink() && !name.starts_with(".") && is_whole(entry.path())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

FoundCheckpoints find_checkpoints(const fs::path& parent) {
  FoundCheckpoints found;
  std::vector<std::pair<std::array<int64_t, 2>, fs::path>> whole;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const auto name = entry.path().filename().string();
    if (entry.is_symlink() || !entry.is_directory()) continue;
    if (name.starts_with("."))
      found.not_whole.emplace_back(entry.path(), "it was being written or removed when its process ended");
    else if (!is_whole(entry.path()))
      found.not_whole.emplace_back(entry.path(), std::string("it has no ") + CheckpointManifest::kName);
    else
      whole.emplace_back(age_of(entry.path()), entry.path());
  }
  std::sort(whole.rbegin(), whole.rend());
  for (auto& [age, path] : whole) found.whole.push_back(std::move(path));
  std::sort(found.not_whole.begin(), found.not_whole.end());
  return found;
}

fs::path resolve_checkpoint(const fs::path& given) {
  try {
    return resolve(given);
  } catch (const fs::filesystem_error& e) {
    throw file_error("look at", e.path1(), e.code().value());
  }
}

}  // namespace dl::host
