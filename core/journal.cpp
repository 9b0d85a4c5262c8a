#include "core/journal.h"

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "core/journal_line.h"
#include "core/safetensors.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

namespace {

/// Bytes of `file` up to and with the last newline.
int64_t whole_lines(const PosixFile& file) {
  std::vector<char> block(1 << 16);
  for (int64_t end = file.size(); end > 0;) {
    const int64_t begin = std::max<int64_t>(0, end - static_cast<int64_t>(block.size()));
    file.read_at(block.data(), static_cast<std::size_t>(end - begin), begin);
    for (int64_t i = end; i > begin; --i)
      if (block[static_cast<std::size_t>(i - begin - 1)] == '\n') return i;
    end = begin;
  }
  return 0;
}

std::string file_safe(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20; }, '~');
  if (name.size() > 150) name.resize(150);
  return name;
}

}  // namespace

Journal::Journal(const fs::path& run_dir)
    : run_dir_(run_dir), file_(PosixFile::open(run_dir / "metrics.jsonl", O_RDWR | O_CREAT | O_APPEND)) {
  const int64_t size = file_.size();
  offset_ = whole_lines(file_);
  if (offset_ == size) return;
  file_.truncate(offset_);
  repaired_ = file_.path().string() + ": the last line was torn (bytes " + std::to_string(offset_) + " to " +
              std::to_string(size) + ") and was cut off";
}

void Journal::append(std::span<Event> events) {
  std::string text;
  std::vector<int64_t> offsets;
  for (Event& event : events) {
    if (event.tensor.defined()) store_tensor(event, offset_ + static_cast<int64_t>(text.size()));
    text += journal_line(event) + "\n";
    offsets.push_back(offset_ + static_cast<int64_t>(text.size()));
  }
  try {
    file_.write_all(text);
  } catch (...) {
    file_.truncate(offset_);
    throw;
  }
  offset_ += static_cast<int64_t>(text.size());
  for (std::size_t i = 0; i < events.size(); ++i) events[i].offset = offsets[i];
}

void Journal::store_tensor(Event& event, int64_t offset) {
  const fs::path folder = run_dir_ / "artifacts" / "events";
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throw file_error("create", folder, failure.value());
  // The place in the journal makes the name unique, and the same when a batch is tried again.
  const auto name = file_safe(event.name) + "-" + std::to_string(offset) + ".safetensors";
  write_safetensors(folder / name, {{"tensor", event.tensor}}, {{"name", event.name}});
  event.path = "artifacts/events/" + name;
}

}  // namespace dl::host
