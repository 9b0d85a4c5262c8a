#include "core/run_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/posix_file.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

/// Text that sorts by time, without characters that trouble file systems.
std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%SZ", &parts);
  return text;
}

/// MLflow takes a folder of that name for its own store, and today's versions then refuse to start.
void refuse_mlruns(const fs::path& path) {
  for (const auto& part : path.lexically_normal())
    if (part == "mlruns")
      throw Error("the run directory " + path.string() + " is inside of a folder named mlruns, beside which MLflow " +
                  "does not start; choose another name");
}

[[noreturn]] void cannot_create(const fs::path& path, int error_number) {
  throw Error(std::string(file_error("create", path, error_number).what()) +
              "; --run-dir DIR or [run] dir = \"…\" names another place for runs");
}

void make_folders(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) cannot_create(path, failure.value());
}

/// The folder may exist and not be ours to write into.
void check_writable(const fs::path& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) cannot_create(path / "run.json", errno);
}

}  // namespace

/// File names that every file system and shell takes.
std::string RunDirectory::as_file_name(const std::string& text) {
  std::string name = text;
  for (char& c : name)
    if (static_cast<unsigned char>(c) < 0x21 ||
        std::string_view("/\\:*?\"'<>|`$&;()[]{}#!~\x7f").find(c) != std::string_view::npos)
      c = '-';
  const auto first = name.find_first_not_of("-.");
  if (first == std::string::npos) return "unnamed";
  name.erase(0, first);
  if (name.size() > 200) name.resize(200);
  return name;
}

RunDirectory::RunDirectory(const fs::path& path) : path_(fs::absolute(path).lexically_normal()) {}

RunDirectory RunDirectory::create(const fs::path& root, const std::string& experiment, const std::string& name) {
  refuse_mlruns(root);
  const fs::path parent = root / RunDirectory::as_file_name(experiment);
  make_folders(parent);
  const std::string stem = utc_time() + "-" + RunDirectory::as_file_name(name);
  for (int number = 1;; ++number) {
    const fs::path path = parent / (number == 1 ? stem : stem + "-" + std::to_string(number));
    // mkdir is the one call that tells two runs of the same second apart.
    if (::mkdir(path.c_str(), 0777) == 0) {
      RunDirectory made(path);
      make_folders(made.checkpoints());
      make_folders(made.artifacts());
      return made;
    }
    if (errno != EEXIST) cannot_create(path, errno);
  }
}

RunDirectory RunDirectory::at(const fs::path& directory, bool resume) {
  refuse_mlruns(directory);
  std::error_code failure;
  const auto type = fs::status(directory, failure).type();
  if (type == fs::file_type::none) cannot_create(directory, failure.value());
  if (type != fs::file_type::not_found && type != fs::file_type::directory) cannot_create(directory, ENOTDIR);
  RunDirectory made(directory);
  if (!resume && fs::exists(made.run_file(), failure))
    throw Error("the run directory " + directory.string() + " holds a run already (" + made.run_file().string() +
                "); go on with that one by --resume auto, or name another directory");
  make_folders(made.path());
  check_writable(made.path());
  make_folders(made.checkpoints());
  make_folders(made.artifacts());
  return made;
}

RunDirectory RunDirectory::open(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw Error("there is no run directory " + directory.string());
  return RunDirectory(directory);
}

void RunDirectory::write_config(std::string_view toml) const { write_file_atomically(config_file(), toml); }

void RunDirectory::write_run(const nlohmann::ordered_json& run) const {
  const auto text = run.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  write_file_atomically(run_file(), text + "\n");
}

nlohmann::ordered_json RunDirectory::read_run() const {
  try {
    return nlohmann::ordered_json::parse(read_whole_file(run_file()));
  } catch (const nlohmann::json::exception& e) {
    throw Error(run_file().string() + " is broken: " + e.what());
  }
}

}  // namespace dl::host
