#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace dl::host {

/// The folder that holds all of one run:
///   config.toml (resolved)   run.json (status, versions, figures)   metrics.jsonl (the journal)   log.txt
///   checkpoints/             artifacts/
/// One rank makes it; the others open() its path. Errors name the path and the remedy.
class RunDirectory {
 public:
  /// Makes `<root>/<experiment>/<UTC time>-<name>`, for example runs/Default/2026-11-24T16-22-05Z-resnet. Characters
  /// that make trouble in file names (/ : * and the like) become '-' in the folder's name. Two runs of one second get
  /// -2, -3, …
  static RunDirectory create(const std::filesystem::path& root, const std::string& experiment, const std::string& name);
  /// The folder itself (`--run-dir`), made where it is missing. Throws Error if it holds another run, unless `resume`.
  static RunDirectory at(const std::filesystem::path& directory, bool resume);
  /// One that exists. Throws Error if there is none.
  static RunDirectory open(const std::filesystem::path& directory);

  /// `text` without what makes trouble in file names: what create() makes of experiment and name.
  static std::string as_file_name(const std::string& text);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config_file() const { return path_ / "config.toml"; }
  std::filesystem::path run_file() const { return path_ / "run.json"; }
  std::filesystem::path log_file() const { return path_ / "log.txt"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path artifacts() const { return path_ / "artifacts"; }

  void write_config(std::string_view toml) const;
  /// Replaces run.json atomically by `run`, an object; the caller keeps it and writes it again when the status changes.
  void write_run(const nlohmann::ordered_json& run) const;
  nlohmann::ordered_json read_run() const;

 private:
  explicit RunDirectory(const std::filesystem::path& path);

  std::filesystem::path path_;  ///< absolute
};

}  // namespace dl::host
