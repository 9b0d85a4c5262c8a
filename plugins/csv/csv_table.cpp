#include "csv_table.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "dl/error.h"

namespace csv {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i ? "," : "") + quoted(cells[i]);
  return line + "\n";
}

/// The cells of one line. Names of metrics have no line breaks, so neither has a header.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool inside = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (inside && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"')
      cells.back() += line[++i];
    else if (line[i] == '"')
      inside = !inside;
    else if (line[i] == ',' && !inside)
      cells.emplace_back();
    else
      cells.back() += line[i];
  }
  return cells;
}

/// True where the file's last line has no end: its writer was killed.
bool ends_torn(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(-1, std::ios::end);
  return in.get() != '\n';
}

}  // namespace

CsvTable::CsvTable(std::string path, const std::vector<std::string>& first) : path_(std::move(path)) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path_, ignored)) {
    std::ifstream in(path_);
    check(in, path_, "read");
    if (std::string header; std::getline(in, header)) columns_ = cells_of(header);
  }
  if (columns_.empty()) {
    columns_ = first;
    open();
    out_ << line_of(columns_);
    flush();
    return;
  }
  open();
  if (ends_torn(path_)) out_ << '\n';
  std::vector<std::string> missing;
  for (const auto& column : first)
    if (std::find(columns_.begin(), columns_.end(), column) == columns_.end()) missing.push_back(column);
  if (!missing.empty()) add_columns(missing);
}

void CsvTable::add(const std::vector<std::pair<std::string, std::string>>& cells) {
  std::vector<std::string> added;
  for (const auto& [column, text] : cells)
    if (std::find(columns_.begin(), columns_.end(), column) == columns_.end()) added.push_back(column);
  if (!added.empty()) add_columns(added);

  std::vector<std::string> row(columns_.size());
  for (const auto& [column, text] : cells)
    row[static_cast<size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin())] = text;
  out_ << line_of(row);
}

void CsvTable::flush() {
  out_.flush();
  check(out_, path_, "write");
}

void CsvTable::open() {
  errno = 0;
  out_.open(path_, std::ios::app);
  check(out_, path_, "write");
}

void CsvTable::drop_above(const std::string& column, int64_t limit) {
  const auto at = static_cast<size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin());
  const auto above = [&](const std::string& line) {
    const auto cells = cells_of(line);
    int64_t number = 0;
    return at < cells.size() &&
           std::from_chars(cells[at].data(), cells[at].data() + cells[at].size(), number).ec == std::errc() &&
           number > limit;
  };
  rewrite([&](std::istream& rows, std::ostream& out) {
    for (std::string line; std::getline(rows, line);)
      if (!above(line)) out << line << '\n';
  });
}

void CsvTable::add_columns(const std::vector<std::string>& added) {
  columns_.insert(columns_.end(), added.begin(), added.end());
  rewrite([&](std::istream& rows, std::ostream& out) {
    const std::string empty_cells(added.size(), ',');
    for (std::string line; std::getline(rows, line);) out << line << empty_cells << '\n';
  });
}

void CsvTable::rewrite(const std::function<void(std::istream& rows, std::ostream& out)>& copy) {
  flush();
  const auto temporary = path_ + ".tmp";
  {
    errno = 0;
    std::ifstream in(path_);
    check(in, path_, "read");
    std::ofstream whole(temporary, std::ios::trunc);
    whole << line_of(columns_);
    std::string line;
    std::getline(in, line);  // the old header
    copy(in, whole);
    whole.close();
    check(whole, temporary, "write");
  }
  out_.close();
  std::error_code failure;
  std::filesystem::rename(temporary, path_, failure);
  if (failure) throw dl::Error("can't rename " + temporary + " to " + path_ + ": " + failure.message());
  open();
}

void CsvTable::check(std::ios& stream, const std::string& file, const char* doing) const {
  if (stream.good() || (stream.eof() && !stream.bad())) return;
  throw dl::Error(std::string("can't ") + doing + " " + file + (errno ? ": " + std::string(std::strerror(errno)) : ""));
}

}  // namespace csv
