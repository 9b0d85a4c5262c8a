#include "dl/schema.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

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

Check numeric(std::string text, Limits limits, std::function<bool(double)> holds) {
  return {std::move(text),
          [holds = std::move(holds)](const Value& value) {
            const auto held = as_number(value);
            return held && holds(*held);
          },
          std::move(limits)};
}

/// What a value of another type should be written as, or "".
std::string rewrite(const Value& value, const std::string& expected) {
  constexpr std::string_view kList = "list of ";
  if (expected.starts_with(kList)) {
    const auto element = expected.substr(kList.size());
    if (value.is_table() && element == "table") return "; put it into a list: [ { … } ]";
    return value.type() == element || (element == "float" && value.type() == "integer")
               ? "; write [" + value.text() + "]"
               : "";
  }
  if (const auto* real = value.get_if<double>();
      real && expected == "integer" && std::abs(*real) < 1e15 && *real == std::trunc(*real))
    return "; write " + number(*real);
  const auto* text = value.get_if<std::string>();
  if (!text || text->empty()) return "";
  const bool flag = expected == "boolean" && (*text == "true" || *text == "false");
  char* end = nullptr;
  if (expected == "integer")
    (void)std::strtoll(text->c_str(), &end, 10);
  else if (expected == "float")
    (void)std::strtod(text->c_str(), &end);
  return flag || (end && *end == '\0') ? "; write " + *text + " without quotes" : "";
}

}  // namespace

Check at_least(double low) {
  return numeric(">= " + number(low), {.low = low}, [low](double v) { return v >= low; });
}
Check greater_than(double low) {
  return numeric("> " + number(low), {.low = low, .above = true}, [low](double v) { return v > low; });
}
Check between(double low, double high) {
  return numeric("in [" + number(low) + ", " + number(high) + "]", {.low = low, .high = high},
                 [low, high](double v) { return v >= low && v <= high; });
}
Check one_of(std::vector<std::string> words) {
  std::string text = "one of";
  for (size_t i = 0; i < words.size(); ++i) text += (i ? ", \"" : " \"") + words[i] + "\"";
  return {std::move(text),
          [words](const Value& value) {
            const auto* word = value.get_if<std::string>();
            return word && std::find(words.begin(), words.end(), *word) != words.end();
          },
          {.words = words}};
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
               (key.empty() ? "" : "\"" + key + "\": ") + "expected " + expected + ", found " + found +
                   rewrite(value, expected));
}

void no_table(const Value& value, const std::string& where, const std::vector<Field>& fields, Problems& problems) {
  const bool names_class =
      std::any_of(fields.begin(), fields.end(), [](const Field& field) { return field.name == "type"; });
  if (const auto* text = value.get_if<std::string>(); text && names_class)
    problems.add(value.place, where,
                 "expected table, found string " + value.text() + "; write { type = " + value.text() + " }");
  else
    wrong_type(value, "", where, "table", problems);
}

void failed_check(const Value& value, const std::string& key, const std::string& where, const Check& check,
                  Problems& problems) {
  problems.add(value.place, where, "\"" + key + "\" must be " + check.text + ", found " + value.text());
}

void unknown_key(const Entry& entry, const std::string& where, const std::vector<Field>& fields, Problems& problems) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  auto hint = did_you_mean(entry.key, names);
  if (hint.empty()) hint = names.empty() ? " (it takes none)" : " (known: " + join(names) + ")";
  if (std::find(names.begin(), names.end(), "params") != names.end())
    hint += "; the class's own options go into params = " + Value(Value::Table{entry}).text();
  problems.add(entry.key_place, where, "unknown key \"" + entry.key + "\"" + hint);
}

}  // namespace detail
}  // namespace dl
