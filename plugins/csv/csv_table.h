#pragma once
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace csv {

/// A CSV file (RFC 4180, "\n" at line ends) that grows by rows and, seldom, by columns. An existing file is continued.
/// One thread. Every call throws dl::Error naming the file where it can't be read or written.
class CsvTable {
 public:
  /// Opens `path`, with at least the columns `first`.
  CsvTable(std::string path, const std::vector<std::string>& first);

  /// Adds a row of (column, text), the other columns empty. A new column goes to the right end: the file is rewritten
  /// under another name and then renamed, so that a reader sees the old table or the new one, whole.
  void add(const std::vector<std::pair<std::string, std::string>>& cells);
  void flush();
  /// Takes out the rows whose number in `column` is larger than `limit`, in the same way.
  void drop_above(const std::string& column, int64_t limit);

 private:
  void open();
  void rewrite(const std::function<void(std::istream& rows, std::ostream& out)>& copy);
  void add_columns(const std::vector<std::string>& added);
  void check(std::ios& stream, const std::string& file, const char* doing) const;

  std::string path_;
  std::vector<std::string> columns_;
  std::ofstream out_;
};

}  // namespace csv
