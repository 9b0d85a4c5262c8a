#include "core/journal_reader.h"

#include "core/journal_line.h"
#include "core/safetensors_file.h"
#include "dl/error.h"

namespace dl::host {

namespace fs = std::filesystem;

JournalReader::JournalReader(const fs::path& run_dir, int64_t from_offset)
    : run_dir_(run_dir), file_(run_dir / "metrics.jsonl", std::ios::binary), offset_(from_offset) {
  const fs::path path = run_dir / "metrics.jsonl";
  if (!file_) throw Error("cannot read " + path.string() + ": there is no journal");
  const auto size = static_cast<int64_t>(fs::file_size(path));
  if (from_offset < 0 || from_offset > size)
    throw Error(path.string() + " has " + std::to_string(size) + " bytes, but should be read from byte " +
                std::to_string(from_offset) + ": it is another run's, or was cut");
  file_.seekg(from_offset);
}

std::optional<Event> JournalReader::next() {
  for (std::string line; std::getline(file_, line);) {
    const int64_t begin = offset_;
    const auto place = [&] { return (run_dir_ / "metrics.jsonl").string() + ": bytes from " + std::to_string(begin); };
    if (file_.eof()) {
      problems_.push_back(place() + ": the last line is torn; passed over");
      break;
    }
    offset_ += static_cast<int64_t>(line.size()) + 1;
    try {
      Event event = parse_journal_line(line);
      event.offset = offset_;
      read_tensor(event);
      return event;
    } catch (const Error& e) {
      problems_.push_back(place() + ": " + e.what() + "; passed over");
    }
  }
  return std::nullopt;
}

void JournalReader::read_tensor(Event& event) const {
  if (event.type != Event::Type::image && event.type != Event::Type::histogram) return;
  try {
    event.tensor = SafetensorsFile(run_dir_ / event.path).read("tensor");
  } catch (const Error& e) {
    throw Error("the " + std::string(event.type == Event::Type::image ? "image" : "histogram") + " \"" + event.name +
                "\" can't be read: " + e.what());
  }
}

}  // namespace dl::host
