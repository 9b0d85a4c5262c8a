#include "core/memory_plan.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <optional>

#include "core/checked_plan.h"
#include "core/console.h"
#include "core/dry_run.h"
#include "core/engine_names.h"
#include "core/errors.h"
#include "core/failure.h"
#include "core/memory_check.h"
#include "core/process_memory.h"
#include "core/tensor_memory.h"

namespace dl::host {
namespace {

constexpr double kMebibyte = 1 << 20;

std::string mebibytes(int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", static_cast<double>(bytes) / kMebibyte);
  return text;
}

/// The process without tensors: its own pages, and its share of the libraries' that ranks of a host have in common.
int64_t bare_process(int ranks) {
  const auto memory = ProcessMemory::now();
  return memory.rss_anon - static_cast<int64_t>(TensorMemory::install().use().held) + memory.rss_file / ranks;
}

struct Row {
  std::string name;
  std::optional<MemoryNeeds> needs;  ///< none: see `text`
  std::string text;
};

class MemoryPlan {
 public:
  MemoryPlan(Plan plan, Registry& registry, const MemoryPlanOptions& options, std::ostream& out)
      : plan_(std::move(plan)), registry_(registry), options_(options), out_(out) {}

  void run() {
    // The one that needs the least comes first: what it finds tells whether the others can be tried here.
    std::vector<Row> rows;
    for (auto backend = backend_classes().rbegin(); backend != backend_classes().rend(); ++backend)
      rows.push_back(measured(backend->first, backend->second));
    std::reverse(rows.begin(), rows.end());
    const auto own = registry_.full_name(*plan_.backend.info);
    const bool known = std::any_of(backend_classes().begin(), backend_classes().end(),
                                   [&](const auto& entry) { return entry.second == own; });
    if (!known) rows.push_back(measured(own, own));
    if (!least_) throw UsageError(rows.front().text);  // what stops one stops all
    print(rows);
  }

 private:
  Row measured(const std::string& name, const std::string& type) {
    Plan plan = plan_;
    if (type != registry_.full_name(*plan_.backend.info)) {
      Problems problems;
      const auto* info = registry_.find(type, Kind::backend, {}, "engine", problems);
      if (!info) return {name, std::nullopt, "is not on the plugin path"};
      plan.backend = {info, Value(Value::Table{}), "engine.backend", {}};
    }
    if (const auto available = available_memory(); least_ && wanted(name) > available)
      return {name, std::nullopt,
              "about " + mebibytes(wanted(name)) + " MiB, more than the " + mebibytes(available) +
                  " MiB that are free here: not tried"};
    try {
      const auto needs = dry_run(plan, registry_, options_.ranks);
      if (!least_) {
        least_ = needs;
        bare_ = bare_process(options_.ranks);
      }
      return {name, needs, ""};
    } catch (const Error& error) {
      return {name, std::nullopt, error.what()};
    }
  }

  /// A rough figure from what stage 3 has found, to keep this machine from swapping.
  int64_t wanted(const std::string& name) const {
    const auto& held = *least_;
    const int64_t n = options_.ranks;
    int64_t bytes = held.other + held.momentary + held.optimizer;
    bytes += (held.gradients + held.parameters) * n;
    if (name == "ddp") bytes += held.optimizer * (n - 1);
    return bytes;
  }

  void print(const std::vector<Row>& rows) const {
    const int64_t limit = options_.memory.empty() ? 0 : parse_bytes(options_.memory);
    out_ << "A rank of " << options_.ranks << ", micro-batches of " << plan_.settings.data.batch_size
         << " samples, MiB; measured with two steps of each, the other ranks left out.\n";
    if (least_ && least_->largest_unit > 0)
      out_ << "The largest unit has " << mebibytes(least_->largest_unit) << " MiB of parameters.\n";
    char line[256];
    std::snprintf(line, sizeof line, "\n%-18s %10s %10s %10s %8s %9s %8s %10s %10s%s\n", "backend", "parameters",
                  "gradients", "optimizer", "other", "momentary", "process", "total", "sent/step",
                  limit ? "  fits" : "");
    out_ << line;
    for (const auto& row : rows) {
      if (!row.needs) {
        std::snprintf(line, sizeof line, "%-18s ", row.name.c_str());
        out_ << line << row.text << '\n';
        continue;
      }
      const auto& n = *row.needs;
      const auto total = n.total() + bare_;
      std::snprintf(line, sizeof line, "%-18s %10s %10s %10s %8s %9s %8s %10s %10s%s\n", row.name.c_str(),
                    mebibytes(n.parameters).c_str(), mebibytes(n.gradients).c_str(), mebibytes(n.optimizer).c_str(),
                    mebibytes(n.other).c_str(), mebibytes(n.momentary).c_str(), mebibytes(bare_).c_str(),
                    mebibytes(total).c_str(), mebibytes(n.sent).c_str(),
                    limit ? (total <= limit ? "   yes" : "    no") : "");
      out_ << line;
    }
    out_ << "\nmomentary: within a step: the batch, activations, gathered units, gradients on their way. process: the "
            "program\nand its libraries, whose pages ranks of a host share. sent: by ring algorithms.\n";
  }

  Plan plan_;
  Registry& registry_;
  const MemoryPlanOptions& options_;
  std::ostream& out_;
  std::optional<MemoryNeeds> least_;
  int64_t bare_ = 0;  ///< after the first dry run, so with all that a step brings along
};

}  // namespace

int64_t parse_bytes(const std::string& text) {
  static const std::map<std::string, double> kUnits = {{"", 1},
                                                       {"b", 1},
                                                       {"kb", 1e3},
                                                       {"mb", 1e6},
                                                       {"gb", 1e9},
                                                       {"tb", 1e12},
                                                       {"kib", 1 << 10},
                                                       {"mib", 1 << 20},
                                                       {"gib", 1 << 30},
                                                       {"k", 1 << 10},
                                                       {"m", 1 << 20},
                                                       {"g", 1 << 30},
                                                       {"tib", 1099511627776.0},
                                                       {"t", 1099511627776.0}};
  size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
  }
  std::string unit;
  for (const char c : text.substr(used))
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = kUnits.find(unit);
  if (!(value > 0) || found == kUnits.end() || value * found->second > 1e18)
    throw UsageError("--memory: \"" + text + "\" is no size; write it as 24GiB, 800MB or in bytes");
  return static_cast<int64_t>(value * found->second);
}

int memory_plan(const RunArguments& arguments, const MemoryPlanOptions& options, const Launch& launch,
                std::ostream& out) {
  if (launch.rank != 0) return kDone;
  Console console({.terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  std::optional<Registry> registry;
  return failure.guard([&] {
    if (options.ranks < 1) throw UsageError("--ranks: at least 1, found " + std::to_string(options.ranks));
    if (!options.memory.empty()) (void)parse_bytes(options.memory);
    auto wanted = launch;
    wanted.planned = !launch.by_mpirun;
    Problems problems;
    const auto config = load_config(arguments.config, arguments.set, problems);
    registry.emplace(make_registry(config, arguments.plugin_path, problems));
    auto plan = checked_plan(config, *registry, wanted, arguments.config, console, std::move(problems));
    plan.settings.engine.num_nodes = 1;
    at::set_num_threads(threads_for({}, plan.settings.engine.threads));
    MemoryPlan(std::move(plan), *registry, options, out).run();
    return static_cast<int>(kDone);
  });
}

}  // namespace dl::host
