#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace dl::host {

/// Rows of three cells for a terminal: two columns as wide as their cells, and text that is wrapped in what is left.
/// Widths count characters, not bytes.
class TextTable {
 public:
  enum class Color { none, bold, good, bad, faint };
  struct Row {
    std::string first, second, text;
    bool cut = false;  ///< shorten `text` to one line instead of wrapping it
    Color first_color = Color::none, second_color = Color::none;
  };

  void add(Row row) { rows_.push_back(std::move(row)); }
  /// A line of its own, from the margin on.
  void add_line(std::string line) { rows_.push_back({std::move(line), "", "", false, Color::none, Color::none}); }
  void print(std::ostream& out, size_t width, bool color) const;

 private:
  std::vector<Row> rows_;
};

/// Characters of UTF-8 text.
size_t columns(std::string_view text);
/// Lines of at most `width` characters, broken at spaces, or within a word that is longer than that.
std::vector<std::string> wrapped(std::string_view text, size_t width);
/// At most `width` characters, with "…" where something was left out.
std::string shortened(std::string_view text, size_t width);
/// Up to the first line break.
std::string first_line(std::string_view text);

}  // namespace dl::host
