#include "core/plan.h"

#include <algorithm>
#include <sstream>

#include "core/class_choices.h"
#include "core/class_name.h"
#include "core/plan_checks.h"
#include "core/plan_engine.h"
#include "core/read_settings.h"

namespace dl::host {
namespace {

class Planner {
 public:
  Planner(const Value& config, Registry& registry, const Launch& launch, Problems& problems)
      : config_(config), registry_(registry), launch_(launch), problems_(problems), classes_(registry, problems) {}

  Plan run() {
    plan_.config = config_;
    plan_.settings = read_settings(config_, problems_);
    const auto& s = plan_.settings;
    plan_.limits = TrainLimits::read(s.train, problems_);
    required(s.data.module, Kind::data, "data.module", "data", plan_.data);
    required(s.model.module, Kind::task, "model.module", "model", plan_.task);
    named(s.model.network, s.model.networks, Kind::network, "network", plan_.networks);
    named(s.model.loss, s.model.losses, Kind::loss, "loss", plan_.losses);
    optimizers();
    schedulers();
    list(s.model.metrics, Kind::metric, "model.metrics", plan_.metrics);
    loggers();
    transforms();
    plan_engine(plan_, registry_, launch_, problems_);
    check_plan(plan_, config_, registry_, launch_, problems_);
    return std::move(plan_);
  }

 private:
  void required(const std::optional<ClassChoice>& choice, Kind kind, const std::string& where, const std::string& table,
                PlannedClass& out) {
    if (choice) {
      classes_.add(*choice, kind, where, out);
      return;
    }
    const auto* held = config_.find(table);
    problems_.add(held ? held->place : config_.place, table,
                  "\"" + where.substr(where.find('.') + 1) + "\" is missing: expected { type = \"lib.Class\" } " +
                      ClassChoices::class_of(kind));
  }

  void list(const std::vector<ClassChoice>& choices, Kind kind, const std::string& where,
            std::vector<PlannedClass>& out) {
    for (size_t i = 0; i < choices.size(); ++i) {
      PlannedClass planned;
      if (!classes_.add(choices[i], kind, where + "." + std::to_string(i), planned)) continue;
      const bool again = std::any_of(out.begin(), out.end(), [&](const PlannedClass& other) {
        return other.info == planned.info && other.params == planned.params;
      });
      if (again && kind != Kind::transform)  // the same crop twice may be meant, the same metric or logger never
        problems_.add(choices[i].place, planned.where,
                      "the same " + to_string(kind) + " " + choices[i].type +
                          " with the same params is in the config twice; remove one");
      else
        out.push_back(std::move(planned));
    }
  }

  /// `[model.<singular>]` is the one named "main", `[model.<plural>.NAME]` the others.
  template <class Choice>
  std::map<std::string, Choice> by_name(const std::optional<Choice>& single, const Value& table,
                                        const std::string& singular, const std::string& plural) {
    std::map<std::string, Choice> all;
    if (single) all["main"] = *single;
    const auto* entries = table.get_if<Value::Table>();
    if (!entries) {
      problems_.add(table.place, "model", "\"" + plural + "\": expected a table of { type, params } by name");
      return all;
    }
    for (const auto& entry : *entries) {
      if (single && entry.key == "main") {
        problems_.add(entry.key_place, "model",
                      "\"" + singular + "\" and \"" + plural + ".main\" are the same one; keep one of them");
        continue;
      }
      // Names become parts of file, metric and tensor names.
      if (!split_class_name("x." + entry.key) || entry.key.find('.') != std::string::npos)
        problems_.add(entry.key_place, "model." + plural,
                      "the name \"" + entry.key + "\" must be of letters, digits, _ and -");
      detail::read_value(entry.value, entry.key, "model." + plural, all[entry.key], problems_);
    }
    return all;
  }

  std::string table_of(const std::string& singular, const std::string& plural, const std::string& name) const {
    const auto* model = config_.find("model");
    return model && name == "main" && model->find(singular) ? "model." + singular : "model." + plural + "." + name;
  }

  void named(const std::optional<ClassChoice>& single, const Value& table, Kind kind, const std::string& singular,
             std::map<std::string, PlannedClass>& out) {
    const auto plural = singular == "loss" ? std::string("losses") : singular + "s";
    for (const auto& [name, choice] : by_name(single, table, singular, plural))
      classes_.add(choice, kind, table_of(singular, plural, name), out[name]);
  }

  /// `[[…groups]]`: the optimizer's own options with some of them replaced.
  void groups(const std::string& name, const OptimizerChoice& choice, const std::string& where) {
    const auto& base = plan_.optimizers[name];
    if (!base.info) return;
    for (size_t i = 0; i < choice.groups.size(); ++i) {
      const auto& group = choice.groups[i];
      const auto table = where + ".groups." + std::to_string(i);
      const auto* match = group.find("match");
      const auto* pattern = match ? match->get_if<std::string>() : nullptr;
      if (!pattern) {
        problems_.add(group.place, table,
                      "expected { match = \"a pattern of parameter names\", … } with options of the optimizer");
        continue;
      }
      Value own = group;
      own.erase("match");
      base.info->check(own, table, problems_);
      Value params = base.params;
      for (const auto& entry : *own.get_if<Value::Table>()) params.at(entry.key) = entry.value;
      plan_.optimizer_groups[name].push_back({*pattern, {base.info, std::move(params), table, match->place}});
    }
  }

  void optimizers() {
    std::map<std::string, std::string> owner;
    for (const auto& [name, choice] :
         by_name(plan_.settings.model.optimizer, plan_.settings.model.optimizers, "optimizer", "optimizers")) {
      const auto where = table_of("optimizer", "optimizers", name);
      classes_.add(choice, Kind::optimizer, where, plan_.optimizers[name]);
      groups(name, choice, where);
      auto networks = choice.networks;
      for (auto twice = networks.begin(); twice != networks.end();) {
        const bool known = std::find(networks.begin(), twice, *twice) != twice;
        if (known) problems_.add(choice.place, where, "\"networks\": \"" + *twice + "\" is named twice; name it once");
        twice = known ? networks.erase(twice) : twice + 1;
      }
      if (networks.empty())
        for (const auto& [network, planned] : plan_.networks) networks.push_back(network);
      for (const auto& network : networks) {
        if (!plan_.networks.count(network))
          problems_.add(choice.place, where,
                        "\"networks\": there is no network \"" + network + "\"" +
                            did_you_mean(network, names(plan_.networks)) +
                            " (the config has: " + join(names(plan_.networks)) + ")");
        else if (const auto [taken, fresh] = owner.emplace(network, name); !fresh)
          problems_.add(choice.place, where,
                        "the network \"" + network + "\" has the optimizer \"" + taken->second +
                            "\" already; give each optimizer its own networks = [ … ]");
      }
      plan_.optimizer_networks[name] = std::move(networks);
    }
    if (plan_.optimizers.empty()) {
      const auto* model = config_.find("model");
      problems_.add(
          model ? model->place : config_.place, "model",
          "\"optimizer\" is missing: expected { type = \"lib.Class\" } " + ClassChoices::class_of(Kind::optimizer));
      return;
    }
    for (const auto& [network, planned] : plan_.networks)
      if (!owner.count(network) && planned.info)
        problems_.add(planned.place, planned.where,
                      "no optimizer updates the network \"" + network +
                          "\"; name it in an optimizer's networks = [ … ], or give it an optimizer of its own");
  }

  void schedulers() {
    for (const auto& [name, choice] :
         by_name(plan_.settings.model.scheduler, plan_.settings.model.schedulers, "scheduler", "schedulers")) {
      const auto where = table_of("scheduler", "schedulers", name);
      if (!plan_.optimizers.count(name))
        problems_.add(choice.place, where,
                      "a scheduler belongs to the optimizer of its name, and there is no optimizer \"" + name + "\"" +
                          did_you_mean(name, names(plan_.optimizers)) + " (the config has: " +
                          (plan_.optimizers.empty() ? "none" : join(names(plan_.optimizers))) + ")");
      classes_.add(choice, Kind::scheduler, where, plan_.schedulers[name]);
      plan_.scheduler_calls[name] = choice.call;
    }
  }

  void loggers() {
    const auto& s = plan_.settings;
    if (plan_.limits.dev_run) return;
    if (!s.logger.type.empty())
      list({ClassChoice{s.logger.type, s.logger.params, s.logger.place}}, Kind::logger, "logger", plan_.loggers);
    else if (const auto* params = s.logger.params.get_if<Value::Table>(); params && !params->empty())
      problems_.add(params->front().key_place, "logger",
                    "\"params\" without a \"type\": add type = \"lib.Class\" " + ClassChoices::class_of(Kind::logger));
    list(s.loggers, Kind::logger, "loggers", plan_.loggers);
  }

  void transforms() {
    const auto& table = plan_.settings.data.transforms;
    const auto* entries = table.get_if<Value::Table>();
    if (!entries) {
      problems_.add(table.place, "data", "\"transforms\": expected a table with lists named train, validation or test");
      return;
    }
    for (const auto& entry : *entries) {
      static const std::map<std::string, Split> kSplits = {
          {"train", Split::train}, {"validation", Split::validation}, {"test", Split::test}};
      const auto split = kSplits.find(entry.key);
      if (split == kSplits.end()) {
        problems_.add(entry.key_place, "data.transforms",
                      "unknown split \"" + entry.key + "\"" + did_you_mean(entry.key, names(kSplits)) +
                          " (known: train, validation, test)");
        continue;
      }
      std::vector<ClassChoice> choices;
      detail::read_value(entry.value, entry.key, "data.transforms", choices, problems_);
      list(choices, Kind::transform, "data.transforms." + entry.key, plan_.transforms[split->second]);
    }
  }

  template <class Map>
  static std::vector<std::string> names(const Map& map) {
    std::vector<std::string> out;
    for (const auto& [name, unused] : map) out.push_back(name);
    return out;
  }

  const Value& config_;
  Registry& registry_;
  const Launch& launch_;
  Problems& problems_;
  ClassChoices classes_;
  Plan plan_;
};

}  // namespace

std::string Plan::named(const std::string& table, const std::string& key) const {
  const Value* value = &config;
  std::istringstream path(table + "." + key);
  for (std::string step; value && std::getline(path, step, '.');) value = value->find(step);
  const auto at = value ? value->place.text() : "";
  return (at.empty() ? "" : at + ": ") + "[" + table + "] " + key;
}

Plan make_plan(const Value& config, Registry& registry, const Launch& launch, Problems& problems) {
  return Planner(config, registry, launch, problems).run();
}

}  // namespace dl::host
