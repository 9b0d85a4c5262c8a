#include "core/json_schema.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/config_keys.h"
#include "core/engine_names.h"
#include "core/settings.h"
#include "core/value_json.h"

namespace dl::host {
namespace {

using Json = nlohmann::ordered_json;

/// A whole number without ".0".
Json number(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

Json reference(const std::string& definition) { return {{"$ref", "#/definitions/" + definition}}; }

void set_limits(const Limits& limits, Json& schema) {
  if (limits.low) schema[limits.above ? "exclusiveMinimum" : "minimum"] = number(*limits.low);
  if (limits.high) schema["maximum"] = number(*limits.high);
  if (!limits.words.empty()) schema["enum"] = limits.words;
}

class Writer {
 public:
  explicit Writer(const std::vector<const LoadedPlugin*>& plugins) : plugins_(plugins) {}

  Json write() {
    const auto settings = Settings::schema();
    Json out{{"$schema", "http://json-schema.org/draft-07/schema#"},
             {"title", "Deep Lightning config"},
             {"description", settings.doc()}};
    out.update(table(settings.fields(), ""));
    out["definitions"] = Json::object();
    for (const auto* plugin : plugins_)
      for (const auto& info : plugin->classes) {
        auto options = table(info.fields, "(class)");
        options["description"] = info.doc;
        out["definitions"][plugin->name + "." + info.name] = std::move(options);
      }
    return out;
  }

 private:
  /// An object with these keys and no others. `path`: of the config; "(…" within a class, where no key names one.
  Json table(const std::vector<Field>& fields, const std::string& path) const {
    Json out{{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    auto required = Json::array();
    for (const auto& field : fields) {
      const auto inner = path.empty() ? field.name : path + "." + field.name;
      out["properties"][field.name] = value(field, inner);
      if (const auto key = class_key(inner); key && key->required) required.push_back(field.name);
    }
    if (path.empty()) required = {"data", "model"};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
  }

  Json value(const Field& field, const std::string& path) const {
    const auto key = class_key(path);
    auto out = key ? classes(*key, field) : plain(field, field.type, path);
    auto text = field.doc;
    if (!field.range.empty() && !key) text += (text.empty() ? "" : "; ") + field.range;
    if (!text.empty()) out["description"] = text;
    if (!field.optional && field.members.empty() && !key) {
      auto fallback = to_json(field.fallback);
      const bool unwritable = field.type == "float" && fallback.is_string();  // an infinity
      const bool nothing = field.type == "any" && fallback.empty();
      if (!unwritable && !nothing) out["default"] = std::move(fallback);
    }
    return out;
  }

  Json plain(const Field& field, const std::string& type, const std::string& path) const {
    constexpr std::string_view kList = "list of ";
    if (type.starts_with(kList)) return {{"type", "array"}, {"items", plain(field, type.substr(kList.size()), path)}};
    if (type == "any") return Json::object();
    if (type == "table") return table(field.members, path);
    Json out{{"type", type == "float" ? "number" : type}};
    set_limits(field.limits, out);
    return out;
  }

  Json classes(const ClassKey& key, const Field& field) const {
    using Form = ClassKey::Form;
    switch (key.form) {
      case Form::choice:
        return choice(key.kind, field.members);
      case Form::list:
        return {{"type", "array"}, {"items", choice(key.kind, field.members)}};
      case Form::by_name:
        return {{"type", "object"},
                {"propertyNames", {{"pattern", "^[A-Za-z0-9_-]+$"}}},
                {"additionalProperties", choice(key.kind, members_of(key.kind))}};
      case Form::by_split: {
        Json out{{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
        const Json list{{"type", "array"}, {"items", choice(key.kind, members_of(key.kind))}};
        for (const char* split : {"train", "validation", "test"}) out["properties"][split] = list;
        return out;
      }
      case Form::name_or_choice: {
        auto words = names(key.kind);
        const auto own = key.kind == Kind::backend ? backend_names() : communicator_names();
        words.insert(words.begin(), own.begin(), own.end());
        return {{"anyOf", {{{"type", "string"}, {"enum", words}}, choice(key.kind, members_of(key.kind))}}};
      }
    }
    return Json::object();
  }

  static std::vector<Field> members_of(Kind kind) {
    return kind == Kind::optimizer   ? OptimizerChoice::schema().fields()
           : kind == Kind::scheduler ? SchedulerChoice::schema().fields()
                                     : ClassChoice::schema().fields();
  }

  /// The names of the classes of this kind, older names of a class after it.
  std::vector<std::string> names(Kind kind) const {
    std::vector<std::string> out;
    for_each(kind, [&](const std::string&, const ClassInfo&, const std::vector<std::string>& all) {
      out.insert(out.end(), all.begin(), all.end());
    });
    return out;
  }

  template <class Body>
  void for_each(Kind kind, const Body& body) const {
    for (const auto* plugin : plugins_)
      for (const auto& info : plugin->classes) {
        if (info.kind != kind) continue;
        std::vector<std::string> all{plugin->name + "." + info.name};
        for (const auto& former : info.former_names) all.push_back(plugin->name + "." + former);
        body(all.front(), info, all);
      }
  }

  /// { type, params } and what else `members` says; `params` by `type`.
  Json choice(Kind kind, const std::vector<Field>& members) const {
    auto out = table(members, "(choice)");
    auto docs = Json::array();
    auto any = Json::array();
    Json rule = Json::object();  // if … then … else if …
    auto* last = &rule;
    for_each(kind, [&](const std::string& name, const ClassInfo& info, const std::vector<std::string>& all) {
      docs.insert(docs.end(), all.size(), Json(info.doc));
      any.push_back(reference(name));
      *last = {{"if", {{"properties", {{"type", {{"enum", all}}}}}, {"required", {"type"}}}},
               {"then", {{"properties", {{"params", reference(name)}}}}},
               {"else", Json::object()}};
      last = &(*last)["else"];
    });
    any.push_back({{"type", "object"}});
    auto& type = out["properties"]["type"];
    type["enum"] = names(kind);
    type["x-taplo"] = {{"docs", {{"enumValues", docs}}}};
    type.erase("default");
    auto& params = out["properties"]["params"];
    params["anyOf"] = std::move(any);
    if (kind != Kind::logger) out["required"] = {"type"};
    for (auto& [word, part] : rule.items()) out[word] = part;
    return out;
  }

  const std::vector<const LoadedPlugin*>& plugins_;
};

}  // namespace

Json json_schema(const std::vector<const LoadedPlugin*>& plugins) { return Writer(plugins).write(); }

}  // namespace dl::host
