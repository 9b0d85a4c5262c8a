#include "dl/schema.h"

#include <algorithm>

namespace dl {
namespace {

std::string number(double value) {
  return value == static_cast<double>(static_cast<int64_t>(value)) ? std::to_string(static_cast<int64_t>(value))
                                                                   : Value(value).text();
}

std::optional<double> as_number(const Value& value) {
  if (const auto* whole = value.get_if<int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = value.get_if<double>()) return *real;
  return {};
}

Check numeric(std::string text, std::function<bool(double)> holds) {
  return {std::move(text), [holds = std::move(holds)](const Value& value) {
            const auto held = as_number(value);
            return held && holds(*held);
          }};
}

}  // namespace

Check at_least(double low) {
  return numeric(">= " + number(low), [low](double v) { return v >= low; });
}
Check greater_than(double low) {
  return numeric("> " + number(low), [low](double v) { return v > low; });
}
Check between(double low, double high) {
  return numeric("in [" + number(low) + ", " + number(high) + "]",
                 [low, high](double v) { return v >= low && v <= high; });
}
Check one_of(std::vector<std::string> words) {
  std::string text = "one of";
  for (size_t i = 0; i < words.size(); ++i) text += (i ? ", \"" : " \"") + words[i] + "\"";
  return {std::move(text), [words = std::move(words)](const Value& value) {
            const auto* word = value.get_if<std::string>();
            return word && std::find(words.begin(), words.end(), *word) != words.end();
          }};
}

namespace detail {

bool holds(const Check& check, const Value& value) {
  if (const auto* list = value.get_if<Value::List>())
    return std::all_of(list->begin(), list->end(), [&](const Value& item) { return check.holds(item); });
  return check.holds(value);
}

void wrong_type(const Value& value, const std::string& key, const std::string& where, const std::string& expected,
                Problems& problems) {
  const std::string found = value.is_table() ? "a table" : value.type() + " " + value.text();
  problems.add(value.place, where,
               (key.empty() ? "" : "\"" + key + "\": ") + "expected " + expected + ", found " + found);
}

void failed_check(const Value& value, const std::string& key, const std::string& where, const Check& check,
                  Problems& problems) {
  problems.add(value.place, where, "\"" + key + "\" must be " + check.text + ", found " + value.text());
}

void unknown_key(const Entry& entry, const std::string& where, const std::vector<Field>& fields, Problems& problems) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  problems.add(entry.key_place, where,
               "unknown key \"" + entry.key + "\"" + did_you_mean(entry.key, names) +
                   (names.empty() ? " (it takes none)" : " (known: " + join(names) + ")"));
}

}  // namespace detail
}  // namespace dl
