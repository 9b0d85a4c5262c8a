#include "core/class_name.h"

#include <cctype>

namespace dl::host {

std::optional<ClassName> split_class_name(std::string_view text) {
  // The library's name becomes a path: nothing but words may come through.
  char before = '.';
  for (const char c : text) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    if (!word && !(c == '.' && before != '.')) return {};
    before = c;
  }
  const auto dot = text.rfind('.');
  if (before == '.' || dot == std::string_view::npos) return {};
  return ClassName{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::string with_article(Kind kind) {
  const auto name = to_string(kind);
  return (std::string_view("aeiou").find(name[0]) == std::string_view::npos ? "a " : "an ") + name;
}

}  // namespace dl::host
