#include "core/text_table.h"

#include <algorithm>

namespace dl::host {
namespace {

// A column that wants more pushes its own row aside, not all of them.
constexpr size_t kMaxFirst = 40, kMaxSecond = 20, kMinText = 24;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// The bytes of the first `count` characters.
size_t bytes_of(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    do ++at;
    while (at < text.size() && continues(text[at]));
    --count;
  }
  return at;
}

std::string painted(const std::string& text, TextTable::Color color) {
  static constexpr const char* kCodes[] = {"", "1", "32", "31", "2"};
  if (color == TextTable::Color::none || text.empty()) return text;
  return "\033[" + std::string(kCodes[static_cast<size_t>(color)]) + "m" + text + "\033[0m";
}

std::string spaces(size_t used, size_t width) { return std::string(used < width ? width - used : 1, ' '); }

}  // namespace

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::vector<std::string> wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  while (columns(text) > width) {
    const auto limit = bytes_of(text, width + 1);
    auto end = text.rfind(' ', limit - 1);
    if (end == std::string_view::npos || end == 0) end = bytes_of(text, width);
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string shortened(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  return std::string(text.substr(0, bytes_of(text, width - 1))) + "…";
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

void TextTable::print(std::ostream& out, size_t width, bool color) const {
  size_t first = 0, second = 0;
  for (const auto& row : rows_) {
    if (row.second.empty() && row.text.empty()) continue;
    if (const auto needed = columns(row.first) + 2; needed <= kMaxFirst) first = std::max(first, needed);
    if (const auto needed = columns(row.second) + 2; needed <= kMaxSecond) second = std::max(second, needed);
  }
  const auto left = width > first + second + kMinText ? width - first - second : kMinText;
  for (const auto& row : rows_) {
    out << painted(row.first, color ? row.first_color : Color::none);
    if (row.second.empty() && row.text.empty()) {
      out << '\n';
      continue;
    }
    out << spaces(columns(row.first), first) << painted(row.second, color ? row.second_color : Color::none);
    const auto lines = row.cut ? std::vector{shortened(row.text, left)} : wrapped(row.text, left);
    if (!row.text.empty()) out << spaces(columns(row.second), second) << lines[0];
    out << '\n';
    for (size_t i = 1; i < lines.size(); ++i) out << std::string(first + second, ' ') << lines[i] << '\n';
  }
}

}  // namespace dl::host
