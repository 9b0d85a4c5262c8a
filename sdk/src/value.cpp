#include "dl/value.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "dl/error.h"

namespace dl {

Error::~Error() = default;

std::string Place::text() const {
  if (line <= 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Value::Value() : data_(Table{}) {}
Value::Value(bool value) : data_(value) {}
Value::Value(int value) : data_(int64_t{value}) {}
Value::Value(int64_t value) : data_(value) {}
Value::Value(double value) : data_(value) {}
Value::Value(const char* value) : data_(std::string(value)) {}
Value::Value(std::string value) : data_(std::move(value)) {}
Value::Value(List value) : data_(std::move(value)) {}
Value::Value(Table value) : data_(std::move(value)) {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

const Value* Value::find(std::string_view key) const {
  if (const auto* table = get_if<Table>())
    for (const auto& entry : *table)
      if (entry.key == key) return &entry.value;
  return nullptr;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(static_cast<const Value*>(this)->find(key)); }

Value& Value::at(std::string_view key) {
  if (auto* found = find(key)) return *found;
  auto* table = get_if<Table>();
  if (!table) throw Error("'" + std::string(key) + "' is looked up in a " + type() + ", not in a table");
  table->push_back({std::string(key), Value(), {}});
  return table->back().value;
}

bool Value::erase(std::string_view key) {
  if (auto* table = get_if<Table>())
    return std::erase_if(*table, [&](const Entry& entry) { return entry.key == key; }) > 0;
  return false;
}

std::string Value::type() const {
  static constexpr const char* kNames[] = {"boolean", "integer", "float", "string", "list", "table"};
  return kNames[data_.index()];
}

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c < 0x20 || c == 0x7f) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04X", c);
      out += buffer;
    } else
      out += static_cast<char>(c);
  }
  return out + "\"";
}

bool is_bare(const std::string& key) {
  if (key.empty()) return false;
  for (const unsigned char c : key)
    if (!std::isalnum(c) && c != '_' && c != '-') return false;
  return true;
}

/// The shortest text that reads back as the same double, with a point or an exponent, as TOML wants it.
std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[32];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    if (std::strtod(buffer, nullptr) == value) break;
  }
  std::string text = buffer;
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string Value::text() const {
  if (const auto* flag = get_if<bool>()) return *flag ? "true" : "false";
  if (const auto* whole = get_if<int64_t>()) return std::to_string(*whole);
  if (const auto* real = get_if<double>()) return float_text(*real);
  if (const auto* word = get_if<std::string>()) return quoted(*word);
  std::string out;
  if (const auto* list = get_if<List>()) {
    for (const auto& item : *list) out += (out.empty() ? "" : ", ") + item.text();
    return "[" + out + "]";
  }
  for (const auto& entry : *get_if<Table>())
    out +=
        (out.empty() ? "" : ", ") + (is_bare(entry.key) ? entry.key : quoted(entry.key)) + " = " + entry.value.text();
  return out.empty() ? "{}" : "{ " + out + " }";
}

bool operator==(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  if (const auto* list = a.get_if<Value::List>()) return *list == *b.get_if<Value::List>();
  if (const auto* table = a.get_if<Value::Table>()) {
    const auto& other = *b.get_if<Value::Table>();
    if (table->size() != other.size()) return false;
    for (size_t i = 0; i < other.size(); ++i)
      if ((*table)[i].key != other[i].key || !((*table)[i].value == other[i].value)) return false;
    return true;
  }
  return a.text() == b.text();
}

}  // namespace dl
