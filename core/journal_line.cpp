#include "core/journal_line.h"

#include <array>
#include <nlohmann/json.hpp>

#include "core/value_json.h"
#include "dl/error.h"

namespace dl::host {

using nlohmann::ordered_json;

namespace {

struct TypeName {
  Event::Type type;
  const char* name;
};

/// Metrics, nearly every line, go without a type.
constexpr std::array kTypes = {
    TypeName{Event::Type::metrics, "metrics"},   TypeName{Event::Type::params, "params"},
    TypeName{Event::Type::image, "image"},       TypeName{Event::Type::histogram, "histogram"},
    TypeName{Event::Type::artifact, "artifact"}, TypeName{Event::Type::status, "status"}};

const char* type_name(Event::Type type) {
  for (const auto& known : kTypes)
    if (type == known.type) return known.name;
  throw Error("an event of no known type");
}

Event::Type find_type(const std::string& name) {
  for (const auto& known : kTypes)
    if (name == known.name) return known.type;
  throw Error("the event's type \"" + name + "\" is not known");
}

Event read_event(const ordered_json& json) {
  Event event;
  event.type = find_type(json.value("type", "metrics"));
  event.time_ms = json.at("time_ms").get<int64_t>();
  event.step = json.at("step").get<int64_t>();
  event.epoch = json.at("epoch").get<int64_t>();
  event.name = json.value("name", "");
  event.path = json.value("path", "");
  if (event.type == Event::Type::metrics)
    for (const auto& [name, number] : json.at("metrics").items())
      event.metrics.emplace_back(name, number_from_json(number));
  if (event.type == Event::Type::params) event.params = from_json(json.at("params"));
  return event;
}

}  // namespace

std::string journal_line(const Event& event) {
  ordered_json json = {{"time_ms", event.time_ms}, {"step", event.step}, {"epoch", event.epoch}};
  if (event.type != Event::Type::metrics) json["type"] = type_name(event.type);
  if (event.type == Event::Type::metrics) {
    auto& metrics = json["metrics"] = ordered_json::object();
    for (const auto& [name, number] : event.metrics) metrics[name] = number_to_json(number);
  }
  if (event.type == Event::Type::params) json["params"] = to_json(event.params);
  if (!event.name.empty()) json["name"] = event.name;
  if (!event.path.empty()) json["path"] = event.path;
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Event parse_journal_line(std::string_view line) {
  try {
    return read_event(ordered_json::parse(line));
  } catch (const nlohmann::json::exception& e) {
    throw Error(std::string("no event: ") + e.what());
  }
}

}  // namespace dl::host
