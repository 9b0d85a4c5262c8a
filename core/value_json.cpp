#include "core/value_json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "dl/error.h"

namespace dl::host {

using nlohmann::ordered_json;

ordered_json number_to_json(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

double number_from_json(const ordered_json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw Error("found " + json.dump() + " instead of a number");
}

ordered_json to_json(const Value& value) {
  if (const auto* boolean = value.get_if<bool>()) return *boolean;
  if (const auto* integer = value.get_if<int64_t>()) return *integer;
  if (const auto* number = value.get_if<double>()) return number_to_json(*number);
  if (const auto* text = value.get_if<std::string>()) return *text;
  if (const auto* list = value.get_if<Value::List>()) {
    auto json = ordered_json::array();
    for (const auto& item : *list) json.push_back(to_json(item));
    return json;
  }
  auto json = ordered_json::object();
  for (const auto& entry : *value.get_if<Value::Table>()) json[entry.key] = to_json(entry.value);
  return json;
}

Value from_json(const ordered_json& json) {
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    throw Error("the number " + json.dump() + " is too large");
  if (json.is_number_integer()) return Value(json.get<int64_t>());
  if (json.is_number_float()) return Value(json.get<double>());
  if (json.is_string()) return Value(json.get<std::string>());
  if (json.is_array()) {
    Value::List list;
    for (const auto& item : json) list.push_back(from_json(item));
    return Value(std::move(list));
  }
  if (!json.is_object()) throw Error("found " + json.dump() + ", which a config value can't be");
  Value::Table table;
  for (const auto& [key, item] : json.items()) table.push_back({key, from_json(item), {}});
  return Value(std::move(table));
}

}  // namespace dl::host
