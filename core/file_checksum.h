#pragma once
#include <filesystem>
#include <string>

namespace dl::host {

/// XXH3 (128 bits) of a file's bytes as 32 hexadecimal digits, the form that `xxhsum -H2` prints. About as fast as the
/// disk. Guards against damage, not against an attacker. Throws Error naming the path.
std::string file_checksum(const std::filesystem::path& path);

}  // namespace dl::host
