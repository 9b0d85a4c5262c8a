#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace dl::host {

/// Lines for people: on the terminal plain, in log.txt with the time. Thread safe. One object a process, passed around.
///
///          | terminal                                        | log.txt
///   info   | printing rank, stdout                           | printing rank
///   warn   | printing rank, stderr, "warning: …"             | any rank
///   error  | any rank, stderr, "error: rank 3: …"            | any rank
/// The rank is named where there is more than one.
class Console {
 public:
  struct Settings {
    int rank = 0;
    int world_size = 1;
    bool prints = true;       ///< this is the printing rank
    std::FILE* out = stdout;  ///< not closed
    std::FILE* err = stderr;
    bool terminal = true;  ///< false: `out` looks like a terminal, but the launcher's own output is none
  };

  Console();
  explicit Console(Settings settings);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void info(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);
  /// Into log.txt only, if there is one.
  void note(std::string_view text);

  /// From now on lines also go to this file, appended; ranks may share one. Throws Error if it can't be written.
  void log_to(const std::filesystem::path& log_file);

  /// Whether a progress line can be shown: the printing rank, on a terminal.
  bool shows_progress() const;
  /// The terminal's width now: COLUMNS, else what the terminal says, else 80.
  int columns() const;
  /// Shows `line` as the last line, without a newline, in place of the one before; other lines go above it. Cut to the
  /// width. "" clears it. Does nothing unless shows_progress().
  void show_progress(std::string_view line);

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace dl::host
