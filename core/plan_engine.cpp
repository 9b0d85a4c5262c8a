#include "core/plan_engine.h"

#include <algorithm>

#include "core/class_choices.h"
#include "core/engine_names.h"
#include "core/precision.h"

namespace dl::host {
namespace {

class EnginePlanner {
 public:
  EnginePlanner(Plan& plan, Registry& registry, const Launch& launch, Problems& problems)
      : plan_(plan), registry_(registry), launch_(launch), problems_(problems), classes_(registry, problems) {}

  void run() {
    const auto& s = plan_.settings.engine;
    if (!s.gpus.empty())
      plan_.device = {at::kCUDA, static_cast<c10::DeviceIndex>(
                                     s.gpus[std::min(s.gpus.size() - 1, static_cast<size_t>(launch_.local_rank))])};
    auto backend = choice_of(s.backend, "backend");
    const auto& classes = backend_classes();
    std::vector<std::string> known;
    for (const auto& [name, unused] : classes) known.push_back(name);
    if (const auto found = classes.find(backend.type); found != classes.end()) {
      const auto prefix = "\"backend\": " + found->first + " is the class " + found->second + ": ";
      backend.type = there(found->second, Kind::backend, backend.place, prefix, "") ? found->second : "";
    } else if (backend.type.find('.') == std::string::npos) {
      problems_.add(backend.place, "engine",
                    "\"backend\": unknown name \"" + backend.type + "\"" + did_you_mean(backend.type, known) +
                        " (known: " + join(known) + ", or any \"lib.Class\")");
      backend.type.clear();
    }
    if (!backend.type.empty()) classes_.add(backend, Kind::backend, "engine.backend", plan_.backend);

    communicators();

    if (!read_precision(s.precision, plan_))
      problems_.add(s.precision.place, "engine",
                    "\"precision\": expected " + known_precisions() + ", found " + s.precision.text());
  }

 private:
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
      if (PlannedClass planned; classes_.add(chosen, Kind::communicator, "engine.communicator", planned))
        plan_.communicator = std::move(planned);
    }
    if (!gpus || !launch_.by_mpirun) return;
    ClassChoice control;
    control.type = default_communicator(true, false);
    control.place = chosen.place;
    if (PlannedClass planned; classes_.add(control, Kind::communicator, "engine", planned))
      plan_.control = std::move(planned);
  }

  Plan& plan_;
  Registry& registry_;
  const Launch& launch_;
  Problems& problems_;
  ClassChoices classes_;
};

}  // namespace

void plan_engine(Plan& plan, Registry& registry, const Launch& launch, Problems& problems) {
  EnginePlanner(plan, registry, launch, problems).run();
}

}  // namespace dl::host
