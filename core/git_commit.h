#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace dl::host {

/// The commit that is checked out in the git work tree around `folder` (40 or 64 hex digits), read from its .git
/// without running git; works in linked work trees and submodules. Nothing outside of a work tree, before the first
/// commit, or where refs are kept in another form than files. Changes that aren't committed don't show. Never throws
/// for a broken .git.
std::optional<std::string> git_commit(const std::filesystem::path& folder);

}  // namespace dl::host
