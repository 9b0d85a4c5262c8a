#include "core/checkpoint_manifest.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "core/atomic_file.h"
#include "core/file_checksum.h"
#include "core/posix_file.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

constexpr int kFormat = 1;

/// Whether `name` stays inside of the folder it is relative to.
bool stays_inside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  for (const auto& part : name)
    if (part.empty() || part == "." || part == "..") return false;
  return true;
}

}  // namespace

CheckpointManifest CheckpointManifest::parse(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  const int format = json.at("format").get<int>();
  if (format != kFormat)
    throw Error("it has format " + std::to_string(format) + ", this dlhost reads format " + std::to_string(kFormat));
  CheckpointManifest manifest;
  for (const auto& [name, entry] : json.at("files").items()) {
    if (!stays_inside(name)) throw Error("it lists \"" + name + "\", which is not inside of the checkpoint");
    manifest.files[name] = {entry.at("bytes").get<int64_t>(), entry.at("xxh3").get<std::string>()};
  }
  return manifest;
}

CheckpointManifest CheckpointManifest::of(const fs::path& folder, const std::function<bool(const std::string&)>& mine) {
  CheckpointManifest manifest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).generic_string();
    if (mine && !mine(name)) continue;  // perhaps it is gone by now
    const auto status = entry.symlink_status();
    if (fs::is_directory(status)) {
      sync_folder(entry.path());
      continue;
    }
    if (!fs::is_regular_file(status))
      throw Error("cannot finish the checkpoint: " + entry.path().string() + " is neither a file nor a folder");
    if (name == kName) continue;
    auto file = PosixFile::open(entry.path(), O_RDONLY);
    file.sync();
    manifest.files[name] = {file.size(), file_checksum(entry.path())};
  }
  return manifest;
}

CheckpointManifest CheckpointManifest::read(const fs::path& folder) {
  const fs::path file = folder / kName;
  if (!fs::exists(file)) throw Error(folder.string() + " is no whole checkpoint: it has no " + kName);
  try {
    return parse(read_whole_file(file));
  } catch (const nlohmann::json::exception& e) {
    throw Error(file.string() + " is broken: " + e.what());
  } catch (const Error& e) {
    throw Error(file.string() + " can't be used: " + e.what());
  }
}

std::string CheckpointManifest::text() const {
  auto listed = nlohmann::ordered_json::object();
  for (const auto& [name, file] : files) listed[name] = {{"bytes", file.bytes}, {"xxh3", file.xxh3}};
  const nlohmann::ordered_json json = {{"format", kFormat}, {"files", listed}};
  return json.dump(2) + "\n";
}

void CheckpointManifest::write(const fs::path& folder) const { write_file_atomically(folder / kName, text()); }

void verify_checkpoint(const fs::path& folder) {
  std::string wrong;
  for (const auto& [name, file] : CheckpointManifest::read(folder).files) {
    const fs::path path = folder / name;
    if (!fs::is_regular_file(path)) {
      wrong += "\n  " + path.string() + " is missing";
      continue;
    }
    const auto bytes = static_cast<int64_t>(fs::file_size(path));
    if (bytes != file.bytes)
      wrong +=
          "\n  " + path.string() + " has " + std::to_string(bytes) + " bytes instead of " + std::to_string(file.bytes);
    else if (const auto sum = file_checksum(path); sum != file.xxh3)
      wrong += "\n  " + path.string() + " was changed: its XXH3 sum is " + sum + " instead of " + file.xxh3;
  }
  if (!wrong.empty()) throw Error("the checkpoint " + folder.string() + " is damaged; use another one:" + wrong);
}

}  // namespace dl::host
