#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/posix_file.h"
#include "dl/logger.h"

namespace dl::host {

/// metrics.jsonl of a run directory, open for appending: one line of JSON for each event (see journal_line). What is
/// appended is in the system's hands when append() returns, so a killed process loses nothing of it. Not thread safe.
class Journal {
 public:
  /// Opens or makes the file. A last line that a kill or a full disk tore is cut off, and `repaired` says so.
  explicit Journal(const std::filesystem::path& run_dir);

  /// Appends the events in one write and sets each one's `offset`. Tensors of images and histograms are stored first,
  /// in artifacts/events/, and `path` is set. On an Error (disk full) nothing of the batch is in the journal.
  void append(std::span<Event> events);
  /// Bytes so far.
  int64_t offset() const { return offset_; }
  /// What was cut off at opening, in words for the user; mostly empty.
  const std::string& repaired() const { return repaired_; }
  /// fsync.
  void sync() { file_.sync(); }

 private:
  void store_tensor(Event& event, int64_t offset);

  std::filesystem::path run_dir_;
  PosixFile file_;
  int64_t offset_ = 0;
  std::string repaired_;
};

}  // namespace dl::host
