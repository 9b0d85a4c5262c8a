#include "core/check.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "core/autocast.h"
#include "core/batch_source.h"
#include "core/checked_plan.h"
#include "core/errors.h"
#include "core/exception_text.h"
#include "core/failure.h"
#include "core/freezing.h"
#include "core/initial_weights.h"
#include "core/model_summary.h"
#include "core/monitored.h"
#include "core/prefetcher.h"
#include "core/resume.h"
#include "core/shape_text.h"
#include "core/trial_step.h"

namespace dl::host {
namespace {

class Check {
 public:
  Check(const Plan& plan, const Registry& registry, const CheckOptions& options, std::ostream& out)
      : plan_(plan), registry_(registry), options_(options), out_(out) {}

  void run(const Launch& launch) {
    objects_ = build_objects(plan_, registry_, launch, [](auto) {});
    print_sizes();
    load_initial_weights(
        *objects_.backend, objects_.networks, plan_.settings.train,
        [this](const std::string& line) { out_ << "  " << line << '\n'; },
        [this](const std::string& line) { out_ << "  warning: " << line << '\n'; });
    const auto& train_settings = plan_.settings.train;
    (void)Freezing(train_settings.freeze, objects_.networks);  // for rules that fit no parameter
    if (const auto& from = train_settings.resume_ckpt; !from.empty() && from != "auto")
      (void)configured_checkpoint(plan_);
    ShapeTrace trace(parameters());
    Observer observer{trace, [this](const std::string& line) { out_ << "    " << line << '\n'; }, options_.layers};
    ObservedResources resources(observed<ObservedNetwork>(plan_.networks, objects_.networks, "network", observer),
                                observed<ObservedLoss>(plan_.losses, objects_.losses, "loss", observer),
                                *objects_.resources);
    const auto task = registry_.create<Task>(*plan_.task.info, plan_.task.params, &resources);
    train(*task, observer);
    observer.layers = false;  // the same again
    evaluate(*task, observer);
    for (const auto& what : resources.unused())
      out_ << "  warning: " << registry_.full_name(*plan_.task.info) << " does not use the " << what << '\n';
  }

 private:
  void print_sizes() const {
    out_ << "  data " << registry_.full_name(*plan_.data.info) << ": train " << objects_.data->size(Split::train)
         << ", validation " << objects_.data->size(Split::validation) << ", test " << objects_.data->size(Split::test)
         << " samples\n";
    for (const auto& [name, network] : objects_.networks) {
      const auto count = count_parameters(*network);
      out_ << "  network " << name << " (" << registry_.full_name(*plan_.networks.at(name).info)
           << "): " << count.elements << " parameters, " << (count.bytes + (1 << 20) - 1) / (1 << 20) << " MiB\n";
    }
  }

  std::vector<std::pair<std::string, Tensor>> parameters() const {
    std::vector<std::pair<std::string, Tensor>> out;
    for (const auto& [network, module] : objects_.networks)
      for (const auto& parameter : module->named_parameters())
        out.emplace_back((objects_.networks.size() > 1 ? network + "." : "") + parameter.key(), parameter.value());
    return out;
  }

  template <class Observed, class T>
  std::map<std::string, std::shared_ptr<T>> observed(const std::map<std::string, PlannedClass>& planned,
                                                     const std::map<std::string, std::shared_ptr<T>>& real,
                                                     const std::string& kind, Observer& observer) const {
    std::map<std::string, std::shared_ptr<T>> out;
    for (const auto& [name, object] : real) {
      const auto what = kind + " " + name + " (" + registry_.full_name(*planned.at(name).info) + ")";
      out[name] = std::make_shared<Observed>(what, object, observer);
    }
    return out;
  }

  /// Two samples, so that batch norm has something to normalise.
  Batch batch(Split split) const {
    const auto source = batch_source(plan_, objects_, split);
    std::vector<int64_t> indices(static_cast<size_t>(std::min<int64_t>(2, source.size())));
    std::iota(indices.begin(), indices.end(), 0);
    auto made = Prefetcher([&](int64_t) { return source.make(indices, 0, false); }, 1, 0, source.device()).next();
    out_ << "  " << (split == Split::train ? "training" : "evaluation") << " with " << made.size() << " samples of "
         << to_string(split) << ": " << shapes_text(made.fields) << '\n';
    return made;
  }

  template <class Body>
  void tried(const std::string& what, const ShapeTrace& trace, const Body& body) const {
    try {
      body();
    } catch (const Error& error) {
      out_.flush();  // what went well comes before the error
      throw UsageError(what + ": " + error.what());
    } catch (...) {
      out_.flush();
      throw UsageError(what + (trace.failed().empty() ? "" : ", in " + trace.failed()) + ": " + exception_text());
    }
  }

  void set_training(bool training) const {
    for (const auto& [name, network] : objects_.networks) network->train(training);
  }

  void train(Task& task, Observer& observer) {
    if (objects_.data->size(Split::train) == 0) throw UsageError("the data has no training samples");
    tried("one training batch", observer.trace, [&] {
      const auto two = batch(Split::train);
      set_training(true);
      TrialStep step(objects_, two, static_cast<uint64_t>(plan_.settings.engine.seed), observer, plan_.autocast);
      task.train_step(step);
      for (const auto& slot : objects_.optimizers)
        if (!step.updated().count(slot.name))
          out_ << "  warning: the task does not update with the optimizer " << slot.name << '\n';
      if (step.updated().empty()) throw Error("the task's train_step() did not call step.update()");
    });
  }

  void evaluate(Task& task, Observer& observer) {
    const bool validates = objects_.data->size(Split::validation) > 0;
    const auto split = validates ? Split::validation : Split::test;
    Metrics logged;
    if (objects_.data->size(split) > 0) logged = try_batch(task, split, observer);
    if (!plan_.limits.overfit && !validates) logged.clear();
    check_monitored(monitored_metrics(plan_, objects_.optimizers), logged);
  }

  /// What it logs.
  Metrics try_batch(Task& task, Split split, Observer& observer) {
    Metrics logged;
    tried("one evaluation batch", observer.trace, [&] {
      const at::NoGradGuard no_grad;
      const auto two = batch(split);
      set_training(false);
      std::vector<std::string> names;
      for (const auto& planned : plan_.metrics) names.push_back(registry_.full_name(*planned.info));
      TrialEvaluation evaluation(objects_.metrics, names, observer);
      const Autocast autocast(plan_.autocast, two[0].device().type());
      task.eval_step(two, evaluation);
      logged = evaluation.logged();
    });
    return logged;
  }

  const Plan& plan_;
  const Registry& registry_;
  const CheckOptions& options_;
  std::ostream& out_;
  Objects objects_;
};

}  // namespace

int check(const RunArguments& arguments, const CheckOptions& options, const Launch& launch, std::ostream& out) {
  if (launch.rank != 0) return kDone;
  Console console({.terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  std::optional<Registry> registry;
  return failure.guard([&] {
    auto wanted = launch;
    wanted.planned = !launch.by_mpirun;
    Problems problems;
    const auto config = load_config(arguments.config, arguments.set, problems);
    registry.emplace(make_registry(config, arguments.plugin_path, problems));
    auto plan = checked_plan(config, *registry, wanted, arguments.config, console, std::move(problems));
    out << arguments.config.string() << ": the config is right\n";
    if (!options.batch) return static_cast<int>(kDone);
    // One rank stands for all: no communicator is started, whatever the config names.
    plan.communicator.reset();
    plan.control.reset();
    plan.settings.engine.num_nodes = 1;
    const Launch alone;
    at::set_num_threads(threads_for(alone, plan.settings.engine.threads));
    Check(plan, *registry, options, out).run(alone);
    out << arguments.config.string() << ": ok\n";
    return static_cast<int>(kDone);
  });
}

}  // namespace dl::host
