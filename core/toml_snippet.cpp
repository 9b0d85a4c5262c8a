#include "core/toml_snippet.h"

namespace dl::host {
namespace {

constexpr size_t kLine = 100;

bool is_list(Kind kind) { return kind == Kind::metric || kind == Kind::transform; }

/// Options without a default, and tables whose default the schema doesn't show, are left out.
Value defaults(const std::vector<Field>& fields) {
  Value::Table out;
  for (const auto& field : fields) {
    if (field.optional) continue;
    auto value = field.type == "table" ? defaults(field.members) : field.fallback;
    if (const auto* table = value.get_if<Value::Table>(); table && table->empty()) continue;
    if (const auto* list = value.get_if<Value::List>(); list && !list->empty() && !field.members.empty()) continue;
    out.push_back({field.name, std::move(value), {}});
  }
  return Value(std::move(out));
}

std::string lines(const Value& table) {
  std::string out;
  for (const auto& entry : *table.get_if<Value::Table>()) {
    const auto line = Value(Value::Table{entry}).text();  // "{ key = value }"
    out += line.substr(2, line.size() - 4) + "\n";
  }
  return out;
}

}  // namespace

std::string config_place(Kind kind, const std::string& name) {
  const bool main = name == "main";
  switch (kind) {
    case Kind::network:
      return main ? "model.network" : "model.networks." + name;
    case Kind::task:
      return "model.module";
    case Kind::loss:
      return main ? "model.loss" : "model.losses." + name;
    case Kind::metric:
      return "model.metrics";
    case Kind::optimizer:
      return main ? "model.optimizer" : "model.optimizers." + name;
    case Kind::scheduler:
      return main ? "model.scheduler" : "model.schedulers." + name;
    case Kind::data:
      return "data.module";
    case Kind::transform:
      return "data.transforms.train";
    case Kind::backend:
      return "engine.backend";
    case Kind::communicator:
      return "engine.communicator";
    case Kind::logger:
      return "logger";
  }
  return {};
}

std::string toml_snippet(const std::string& full_name, const ClassInfo& info) {
  const auto place = config_place(info.kind);
  const auto params = defaults(info.fields);
  const bool has_params = !params.get_if<Value::Table>()->empty();
  Value::Table choice{{"type", Value(full_name), {}}};
  if (has_params) choice.push_back({"params", params, {}});
  if (info.kind == Kind::scheduler)
    choice.push_back({"call", Value(Value::Table{{"interval", "epoch", {}}, {"frequency", 1, {}}}), {}});

  if (const auto dot = place.find('.'); dot != std::string::npos) {
    auto value = Value(choice).text();
    if (is_list(info.kind)) value = "[ " + value + " ]";
    if ((info.kind == Kind::backend || info.kind == Kind::communicator) && !has_params) value = Value(full_name).text();
    const auto line = place.substr(dot + 1) + " = " + value;
    if (line.size() <= kLine) return "[" + place.substr(0, dot) + "]\n" + line + "\n";
  } else if (lines(Value(choice)).size() <= kLine) {
    return "[" + place + "]\n" + lines(Value(choice));
  }
  // Too long for a line: the same as tables.
  const auto header = [&](bool list, const std::string& name) {
    return list ? "[[" + name + "]]\n" : "[" + name + "]\n";
  };
  std::erase_if(choice, [](const Entry& entry) { return entry.key == "params"; });
  return header(is_list(info.kind), place) + lines(Value(choice)) + header(false, place + ".params") + lines(params);
}

}  // namespace dl::host
