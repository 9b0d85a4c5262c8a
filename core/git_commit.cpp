#include "core/git_commit.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace dl::host {

namespace fs = std::filesystem;

namespace {

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return line;
}

bool is_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The value after `prefix`, or "".
std::string after(const std::string& line, std::string_view prefix) {
  return line.starts_with(prefix) ? line.substr(prefix.size()) : std::string();
}

/// The .git folder for `folder`: in it or above it; of a linked work tree or submodule, where its .git file points to.
fs::path git_folder(fs::path folder) {
  std::error_code ignored;
  for (folder = fs::absolute(folder, ignored).lexically_normal();; folder = folder.parent_path()) {
    fs::path git = folder / ".git";
    if (fs::is_directory(git, ignored)) return git;
    if (const auto target = after(first_line(git), "gitdir: "); !target.empty()) return folder / target;
    if (!folder.has_relative_path()) return {};
  }
}

std::string packed_ref(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (const auto space = line.find(' '); space != std::string::npos && line.substr(space + 1) == name)
      return line.substr(0, space);
  return {};
}

}  // namespace

std::optional<std::string> git_commit(const fs::path& folder) {
  const fs::path git = git_folder(folder);
  if (git.empty()) return std::nullopt;
  // A linked work tree has its own HEAD and shares the branches.
  const auto shared_text = first_line(git / "commondir");
  const fs::path shared = shared_text.empty() ? git : git / shared_text;

  std::string text = first_line(git / "HEAD");
  for (int depth = 0; depth < 5; ++depth) {
    if (is_hash(text)) return std::string(text.data(), text.size());
    const auto name = after(text, "ref: ");
    if (name.empty()) return std::nullopt;
    text = first_line(git / name);
    if (text.empty()) text = first_line(shared / name);
    if (text.empty()) text = packed_ref(shared / "packed-refs", name);
  }
  return std::nullopt;
}

}  // namespace dl::host
