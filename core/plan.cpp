#include "core/plan.h"

#include <algorithm>

#include "core/class_name.h"
#include "core/engine_names.h"
#include "core/plan_checks.h"
#include "core/precision.h"

namespace dl::host {
namespace {

class Planner {
 public:
  Planner(const Value& config, Registry& registry, const Launch& launch, Problems& problems)
      : config_(config), registry_(registry), launch_(launch), problems_(problems) {}

  Plan run() {
    plan_.settings = Settings::schema().read(config_, "", problems_);
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
    engine();
    check_plan(plan_, config_, registry_, launch_, problems_);
    return std::move(plan_);
  }

 private:
  static std::string class_of(Kind kind) {
    return "of " + with_article(kind) + " class (dlhost list-plugins shows them)";
  }

  template <class Choice>
  bool add(const Choice& choice, Kind kind, const std::string& where, PlannedClass& out) {
    if (choice.type.empty()) {
      const bool said = std::any_of(problems_.list().begin(), problems_.list().end(), [&](const Problem& problem) {
        return problem.table == where && problem.place.text() == choice.place.text();
      });
      if (!said)
        problems_.add(choice.place, where, "\"type\" is missing: expected the name \"lib.Class\" " + class_of(kind));
      return false;
    }
    const auto* info = registry_.find(choice.type, kind, choice.place, where, problems_);
    if (!info) return false;
    info->check(choice.params, where + ".params", problems_);
    out = {info, choice.params, where, choice.place};
    return true;
  }

  void required(const std::optional<ClassChoice>& choice, Kind kind, const std::string& where, const std::string& table,
                PlannedClass& out) {
    if (choice) {
      add(*choice, kind, where, out);
      return;
    }
    const auto* held = config_.find(table);
    problems_.add(held ? held->place : config_.place, table,
                  "\"" + where.substr(where.find('.') + 1) + "\" is missing: expected { type = \"lib.Class\" } " +
                      class_of(kind));
  }

  void list(const std::vector<ClassChoice>& choices, Kind kind, const std::string& where,
            std::vector<PlannedClass>& out) {
    for (size_t i = 0; i < choices.size(); ++i) {
      PlannedClass planned;
      if (!add(choices[i], kind, where + "." + std::to_string(i), planned)) continue;
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
      add(choice, kind, table_of(singular, plural, name), out[name]);
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
      plan_.optimizer_groups[name].push_back({*pattern, {base.info, std::move(params), table}});
    }
  }

  void optimizers() {
    std::map<std::string, std::string> owner;
    for (const auto& [name, choice] :
         by_name(plan_.settings.model.optimizer, plan_.settings.model.optimizers, "optimizer", "optimizers")) {
      const auto where = table_of("optimizer", "optimizers", name);
      add(choice, Kind::optimizer, where, plan_.optimizers[name]);
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
      problems_.add(model ? model->place : config_.place, "model",
                    "\"optimizer\" is missing: expected { type = \"lib.Class\" } " + class_of(Kind::optimizer));
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
      add(choice, Kind::scheduler, where, plan_.schedulers[name]);
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
                    "\"params\" without a \"type\": add type = \"lib.Class\" " + class_of(Kind::logger));
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

  /// A string or { type, params }.
  ClassChoice choice_of(const Value& value, const std::string& key) {
    ClassChoice choice;
    choice.place = value.place;
    if (const auto* name = value.get_if<std::string>())
      choice.type = *name;
    else
      detail::read_value(value, key, "engine", choice, problems_);
    return choice;
  }

  /// Whether there is such a class; where not, the problem has `prefix` before it and `suffix` after it.
  bool there(const std::string& type, Kind kind, const Place& place, const std::string& prefix,
             const std::string& suffix) {
    Problems missing;
    if (registry_.find(type, kind, place, "engine", missing)) return true;
    for (const auto& problem : missing.list())
      problems_.add(problem.place, problem.table, prefix + problem.message + suffix);
    return false;
  }

  void communicators() {
    const bool gpus = plan_.device.is_cuda();
    auto chosen = choice_of(plan_.settings.engine.communicator, "communicator");
    const bool automatic = chosen.type == "auto";
    if (automatic) chosen.type = default_communicator(launch_.by_mpirun, gpus);
    if (chosen.type == "self") {
      if (launch_.size > 1)
        problems_.add(chosen.place, "engine",
                      "\"communicator\" is self, but mpirun started " + std::to_string(launch_.size) + " ranks; use " +
                          default_communicator(true, gpus));
    } else if (const auto hint = build_hint(chosen.type);
               hint.empty() ||
               there(chosen.type, Kind::communicator, chosen.place,
                     automatic ? "\"communicator\" is " + chosen.type + " with gpus under mpirun: " : "", hint)) {
      if (PlannedClass planned; add(chosen, Kind::communicator, "engine.communicator", planned))
        plan_.communicator = std::move(planned);
    }
    if (!gpus || !launch_.by_mpirun) return;
    ClassChoice control;
    control.type = default_communicator(true, false);
    control.place = chosen.place;
    if (PlannedClass planned; add(control, Kind::communicator, "engine", planned)) plan_.control = std::move(planned);
  }

  void engine() {
    const auto& s = plan_.settings.engine;
    if (!s.gpus.empty())
      plan_.device = {at::kCUDA, static_cast<c10::DeviceIndex>(
                                     s.gpus[std::min(s.gpus.size() - 1, static_cast<size_t>(launch_.local_rank))])};
    auto backend = choice_of(s.backend, "backend");
    const auto& classes = backend_classes();
    if (const auto found = classes.find(backend.type); found != classes.end()) {
      const auto prefix = "\"backend\": " + found->first + " is the class " + found->second + ": ";
      backend.type = there(found->second, Kind::backend, backend.place, prefix, "") ? found->second : "";
    } else if (backend.type.find('.') == std::string::npos) {
      problems_.add(backend.place, "engine",
                    "\"backend\": unknown name \"" + backend.type + "\"" + did_you_mean(backend.type, names(classes)) +
                        " (known: " + join(names(classes)) + ", or any \"lib.Class\")");
      backend.type.clear();
    }
    if (!backend.type.empty()) add(backend, Kind::backend, "engine.backend", plan_.backend);

    communicators();

    if (!read_precision(s.precision, plan_))
      problems_.add(s.precision.place, "engine",
                    "\"precision\": expected " + known_precisions() + ", found " + s.precision.text());
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
  Plan plan_;
};

}  // namespace

Plan make_plan(const Value& config, Registry& registry, const Launch& launch, Problems& problems) {
  return Planner(config, registry, launch, problems).run();
}

}  // namespace dl::host
