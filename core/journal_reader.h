#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "dl/logger.h"

namespace dl::host {

/// Reads a run's journal from its start or from an offset, for replay. Works on a journal that is still written.
class JournalReader {
 public:
  /// `from_offset`: the `offset` of the last event already dealt with. Throws Error if there is no journal or if the
  /// offset is beyond its end.
  explicit JournalReader(const std::filesystem::path& run_dir, int64_t from_offset = 0);

  /// The next event, its `offset` set and the tensor of an image or histogram read; nothing at the end. A line that is
  /// no event, a torn last line or a tensor that can't be read goes into problems() and is passed over.
  std::optional<Event> next();
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void read_tensor(Event& event) const;

  std::filesystem::path run_dir_;
  std::ifstream file_;
  int64_t offset_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace dl::host
