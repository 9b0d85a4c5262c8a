#include "core/toml_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <toml.hpp>
#include <tuple>

#include "core/errors.h"
#include "core/variables.h"

namespace dl::host {
namespace {

using Toml = toml::basic_value<toml::discard_comments, std::map, std::vector>;

Place place_of(const Toml& value, const std::string& file) {
  const auto at = value.location();
  return {file, static_cast<int>(at.line()), static_cast<int>(at.column())};
}

/// toml11 keeps no place for keys: look for the key on the value's line, before the value.
Place key_place(const std::string& key, const Toml& value, const Place& value_place) {
  const auto line = value.location().line_str();
  const auto before = std::min<size_t>(line.size(), static_cast<size_t>(std::max(0, value_place.column - 1)));
  auto found = line.rfind(key, before);
  if (found == std::string::npos) found = line.find(key);
  if (found == std::string::npos) return value_place;
  return {value_place.file, value_place.line, static_cast<int>(found) + 1};
}

Value convert(const Toml& value, const std::string& file) {
  Value out;
  switch (value.type()) {
    case toml::value_t::boolean:
      out = Value(value.as_boolean());
      break;
    case toml::value_t::integer:
      out = Value(static_cast<int64_t>(value.as_integer()));
      break;
    case toml::value_t::floating:
      out = Value(static_cast<double>(value.as_floating()));
      break;
    case toml::value_t::string:
      out = Value(std::string(value.as_string().str));
      break;
    case toml::value_t::array: {
      Value::List list;
      for (const auto& item : value.as_array()) list.push_back(convert(item, file));
      out = Value(std::move(list));
      break;
    }
    case toml::value_t::table: {
      Value::Table table;
      for (const auto& [key, item] : value.as_table()) {
        auto held = convert(item, file);
        auto at = key_place(key, item, held.place);
        table.push_back({key, std::move(held), std::move(at)});
      }
      std::stable_sort(table.begin(), table.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.value.place.line, a.value.place.column) < std::tie(b.value.place.line, b.value.place.column);
      });
      out = Value(std::move(table));
      break;
    }
    default:
      throw UsageError(place_of(value, file).text() + ": dates and times have no meaning here; write it in quotes");
  }
  out.place = place_of(value, file);
  return out;
}

/// What to do, where toml11's own words don't say.
std::string remedy(const std::string& message) {
  static const std::pair<const char*, const char*> kRemedies[] = {
      {"unknown value appeared", "; a text stands in quotes, true and false in lower case"},
      {"the next token is not a valid string", "; it ends with the quote that it begins with, in the same line"},
  };
  for (const auto& [words, what] : kRemedies)
    if (message.find(words) != std::string::npos) return what;
  return "";
}

/// "[error] what\n --> file\n    |\n 12 | code" of toml11 becomes "file:12:1: what" and the quoted lines.
std::string syntax_message(const std::string& name, const std::string& text) {
  std::string message = text;
  if (const auto tag = message.rfind("[error]", 0); tag == 0) message.erase(0, 8);
  if (message.rfind("toml::", 0) == 0) {
    const auto colon = message.find(": ");
    const auto line_end = message.find('\n');
    if (colon != std::string::npos && colon < line_end) message.erase(0, colon + 2);
  }
  message.insert(std::min(message.find('\n'), message.size()), remedy(message));
  int line = 0;
  int column = 1;
  std::istringstream rows(message);
  for (std::string row; std::getline(rows, row);) {
    const auto bar = row.find(" | ");
    int number = 0;
    const auto first = row.find_first_not_of(' ');
    if (bar != std::string::npos && first < bar &&
        std::from_chars(row.data() + first, row.data() + bar, number).ec == std::errc() && number > 0) {
      line = number;
    } else if (const auto caret = row.find('^'); line > 0 && caret != std::string::npos && caret > 0) {
      const auto edge = row.find('|');
      if (edge != std::string::npos && caret > edge + 1) column = static_cast<int>(caret - edge) - 1;
      break;
    }
  }
  return Place{name, line, column}.text() + ": " + message;
}

Value parse(std::istream& stream, const std::string& name) {
  try {
    return convert(toml::parse<toml::discard_comments, std::map, std::vector>(stream, name), name);
  } catch (const toml::exception& error) {
    throw UsageError(syntax_message(name, error.what()));
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const UsageError*>(&error)) throw;
    throw UsageError(name + ": " + error.what());
  }
}

Value escaped(Value value) {
  if (auto* text = value.get_if<std::string>())
    *text = escape_variables(std::move(*text));
  else if (auto* list = value.get_if<Value::List>())
    for (auto& item : *list) item = escaped(std::move(item));
  else if (auto* table = value.get_if<Value::Table>())
    for (auto& entry : *table) entry.value = escaped(std::move(entry.value));
  return value;
}

void write_section(std::string& out, const std::string& name, const Value::Table& table) {
  if (!name.empty()) out += (out.empty() ? "[" : "\n[") + name + "]\n";
  for (const auto& entry : table) {
    const bool section = name.empty() && entry.value.is_table();
    if (section) continue;
    const auto line = Value(Value::Table{{entry.key, escaped(entry.value), {}}}).text();  // "{ key = value }"
    out += line.substr(2, line.size() - 4) + "\n";
  }
}

}  // namespace

Value read_toml(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw UsageError(path.string() + ": is a folder, expected a TOML file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(path.string() + ": cannot be read: " + std::strerror(errno));
  return parse(file, path.string());
}

Value parse_toml(const std::string& text, const std::string& name) {
  std::istringstream stream(text);
  return parse(stream, name);
}

void set_value(Value& config, const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--set " + assignment + ": expected KEY=VALUE, such as --set train.num_epochs=3");
  const auto path = assignment.substr(0, equals);
  const auto text = assignment.substr(equals + 1);
  Value value;
  try {
    value = *parse_toml("v = " + text + "\n", "--set").find("v");
  } catch (const UsageError&) {
    value = Value(text);
  }
  const std::string origin = "--set " + path;
  value.place = {origin, 0, 0};

  Value* at = &config;
  for (size_t begin = 0; begin <= path.size();) {
    const auto dot = std::min(path.find('.', begin), path.size());
    const auto key = path.substr(begin, dot - begin);
    begin = dot + 1;
    if (auto* list = at->get_if<Value::List>()) {
      size_t index = 0;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
      if (error != std::errc() || end != key.data() + key.size() || index >= list->size())
        throw UsageError(origin + ": \"" + key + "\" is no index of a list of " + std::to_string(list->size()));
      at = &(*list)[index];
    } else if (at->is_table()) {
      const bool known = at->find(key) != nullptr;
      auto* table = at;
      at = &at->at(key);
      if (!known) at->place = table->get_if<Value::Table>()->back().key_place = {origin, 0, 0};
    } else {
      throw UsageError(origin + ": \"" + key + "\" is looked up in a " + at->type() + ", which has no keys");
    }
  }
  *at = std::move(value);
}

std::string to_toml(const Value& table) {
  std::string out;
  const auto* entries = table.get_if<Value::Table>();
  if (!entries) return out;
  write_section(out, "", *entries);
  for (const auto& entry : *entries)
    if (const auto* section = entry.value.get_if<Value::Table>()) write_section(out, entry.key, *section);
  return out;
}

}  // namespace dl::host
