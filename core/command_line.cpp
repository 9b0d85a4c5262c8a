#include "core/command_line.h"

#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/errors.h"
#include "core/export.h"
#include "core/failure.h"
#include "core/inspect.h"
#include "core/list_plugins.h"
#include "core/memory_plan.h"
#include "core/print_schema.h"
#include "core/run.h"
#include "core/version.h"

namespace dl::host {
namespace {

namespace po = boost::program_options;

constexpr const char* kUsage =
    R"(Deep Lightning: trains networks in C++, from one configuration file, on one core or on many ranks.

Usage:
  dlhost CFG.toml [options]          train; under `mpirun -n N dlhost …` on N ranks
  dlhost test CKPT                   metrics of the test split with a checkpoint's weights, on any number of ranks
  dlhost validate CKPT               the same for the validation split
  dlhost export CKPT                 a checkpoint's weights as one file for PyTorch
  dlhost check CFG.toml              check the config, then send one small batch through the task; trains nothing
  dlhost plan CFG.toml --ranks N     memory and messages of a rank, for DDP and each stage of ZeRO; trains nothing
  dlhost list-plugins                every plugin on the path, its state and its classes
  dlhost inspect lib.Class           a class's options with types, defaults and ranges, and TOML to paste
  dlhost schema [CFG.toml]           a JSON Schema of configs, for editors; with the plugins of CFG.toml's path
  dlhost NAME …                      run the program dlhost-NAME

CKPT is a checkpoint folder or a run directory (then its checkpoints/last).

)";

constexpr const char* kCodes = R"(
Exit codes: 0 done; 1 the run failed; 2 wrong config, input or usage; 3 a plugin is missing or broken;
75 interrupted by a signal (SIGUSR1, SIGTERM, Ctrl-C) with the state saved: run it again with --resume auto.
The plugin path: --plugin-path, [plugins] path, DLHOST_PLUGIN_PATH, then lib/dlhost/plugins beside bin/.
)";

const std::vector<std::string> kCommands = {"train", "test",         "validate", "export", "check",
                                            "plan",  "list-plugins", "inspect",  "schema"};

po::options_description options() {
  po::options_description all("Options");
  auto add = all.add_options();
  add("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
      "override a config key, such as train.num_epochs=3 (repeatable)");
  add("run-dir", po::value<std::string>()->value_name("DIR"),
      "the run directory itself (default runs/EXPERIMENT/TIME-NAME)");
  add("resume", po::value<std::string>()->value_name("auto|PATH"),
      "go on from a checkpoint, or the last one of a run directory; auto: the newest whole one of this config's runs");
  add("init-from", po::value<std::string>()->value_name("FILE"),
      "begin with the weights in FILE (.safetensors, .pt, .pth, .ckpt); the same as [train] init_from");
  add("init-prefix", po::value<std::string>()->value_name("TEXT"),
      "what the names in that file begin with, such as network. or module.; it is taken off");
  add("init-partial", "take of that file what fits, and say what does not");
  add("format", po::value<std::string>()->value_name("FORMAT"), "export: safetensors (the default), pt or torchscript");
  add("out", po::value<std::string>()->value_name("FILE"), "export: the file to write (default model.FORMAT)");
  add("network", po::value<std::string>()->value_name("NAME"), "export: which network, where there are several");
  add("average", "export: insist on the average of the weights ([train] ema, swa)");
  add("plugin-path", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
      "look for plugins here first (repeatable)");
  add("json", "test, validate, list-plugins, inspect: print JSON");
  add("ranks", po::value<int>()->value_name("N"), "plan: of so many ranks (default 1)");
  add("memory", po::value<std::string>()->value_name("SIZE"),
      "plan: what a rank may use, such as 24GiB: says what fits");
  add("no-batch", "check: only the config; needs no data, builds no network");
  add("markdown", "schema: print the reference of the config instead (docs/config.md)");
  add("strict", "list-plugins: exit with 3 if a plugin is broken");
  add("verbose,v", "list-plugins: also files that are no plugins; check: also the shapes at each layer");
  add("version", "print versions");
  add("help,h", "print this text");
  return all;
}

std::string whole_line(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i ? " " : "") + std::string(argv[i]);
  return line;
}

/// As git and cargo do: `dlhost NAME …` is the program dlhost-NAME, beside this one or on the PATH.
void try_external(const std::string& name, char** argv) {
  if (name.empty() || name[0] == '-' || name.find('/') != std::string::npos) return;
  const auto program = "dlhost-" + name;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto beside = (self.parent_path() / program).string();
    if (access(beside.c_str(), X_OK) == 0) execv(beside.c_str(), argv + 1);
  }
  execvp(program.c_str(), argv + 1);
}

bool is_file(const std::string& argument) {
  return argument.find('/') != std::string::npos || argument.find(".toml") != std::string::npos ||
         access(argument.c_str(), F_OK) == 0;
}

void check_words(const std::string& command, size_t found) {
  const size_t most = command == "list-plugins" ? 0 : 1;
  const size_t least = command == "schema" ? 0 : most;
  if (found < least || found > most)
    throw UsageError("dlhost " + command + " takes " +
                     (most == 0       ? "no argument"
                      : least == most ? "one argument"
                                      : "one argument or none") +
                     ", found " + std::to_string(found) + " (see dlhost --help)");
}

int dispatch(int argc, char** argv, const Launch& launch) {
  const auto described = options();
  po::options_description hidden = described;
  hidden.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);

  const std::string first = argc > 1 ? argv[1] : "";
  const bool known = std::find(kCommands.begin(), kCommands.end(), first) != kCommands.end();
  if (!first.empty() && first[0] != '-' && !known && !is_file(first)) {
    try_external(first, argv);
    throw UsageError("\"" + first + "\" is neither a config file, nor a command, nor a program dlhost-" + first +
                     " on the PATH" + did_you_mean(first, kCommands) + " (see dlhost --help)");
  }
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv)
                .options(hidden)
                .positional(positional)
                .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                .run(),
            values);
  if (values.count("help") || argc == 1) {
    if (launch.prints()) std::cout << kUsage << described << kCodes;
    return argc == 1 ? kBadUsage : kDone;
  }
  if (values.count("version")) {
    if (launch.prints())
      std::cout << "dlhost " << kVersion << " (SDK ABI " << DL_SDK_ABI << ", LibTorch " << TORCH_VERSION << ", g++ "
                << __VERSION__ << ")\n";
    return kDone;
  }
  auto words = values.count("words") ? values["words"].as<std::vector<std::string>>() : std::vector<std::string>();
  std::string command = "train";
  if (known) {
    command = words.at(0);
    words.erase(words.begin());
  }
  RunArguments arguments;
  if (values.count("set")) arguments.set = values["set"].as<std::vector<std::string>>();
  if (values.count("plugin-path")) arguments.plugin_path = values["plugin-path"].as<std::vector<std::string>>();
  if (values.count("run-dir")) arguments.run_dir = values["run-dir"].as<std::string>();
  if (values.count("resume")) arguments.resume = values["resume"].as<std::string>();
  // Shorter ways to set keys, so that the config kept with the run has them.
  if (values.count("init-from"))
    arguments.set.push_back("train.init_from=" + Value(values["init-from"].as<std::string>()).text());
  if (values.count("init-prefix"))
    arguments.set.push_back("train.init_prefix=" + Value(values["init-prefix"].as<std::string>()).text());
  if (values.count("init-partial")) arguments.set.push_back("train.init_partial=true");
  arguments.command_line = whole_line(argc, argv);
  arguments.json = values.count("json") > 0;

  check_words(command, words.size());
  if (!words.empty()) arguments.config = words[0];
  if (command == "test") return evaluate(arguments, Split::test, launch);
  if (command == "validate") return evaluate(arguments, Split::validation, launch);
  if (command == "check")
    return check(arguments, {.batch = !values.count("no-batch"), .layers = values.count("verbose") > 0}, launch,
                 std::cout);
  if (command == "plan") {
    MemoryPlanOptions options;
    if (values.count("ranks")) options.ranks = values["ranks"].as<int>();
    if (values.count("memory")) options.memory = values["memory"].as<std::string>();
    return memory_plan(arguments, options, launch, std::cout);
  }
  if (command == "export") {
    if (launch.rank != 0) return kDone;
    const auto text = [&](const char* name) { return values.count(name) ? values[name].as<std::string>() : ""; };
    return export_weights({.checkpoint = words[0],
                           .set = arguments.set,
                           .plugin_path = arguments.plugin_path,
                           .format = text("format"),
                           .out = text("out"),
                           .network = text("network"),
                           .average = values.count("average") > 0},
                          std::cout);
  }
  if (command == "train") return train(arguments, launch);

  if (command == "schema") return print_schema(arguments, values.count("markdown") > 0, std::cout, std::cerr);
  Problems problems;
  auto registry = make_registry({}, arguments.plugin_path, problems);
  if (!problems.empty()) throw UsageError(problems.text());
  if (command == "inspect") return inspect(registry, words[0], arguments.json, std::cout, std::cerr);
  ListOptions list;
  list.verbose = values.count("verbose") > 0;
  list.json = arguments.json;
  list.strict = values.count("strict") > 0;
  list.color = isatty(STDOUT_FILENO) != 0;
  return list_plugins(registry.search_path(), list, std::cout);
}

}  // namespace

int command_line(int argc, char** argv) {
  const auto launch = launch_from_environment();
  Console console(
      {.rank = launch.rank, .world_size = launch.size, .prints = launch.prints(), .terminal = launch.terminal});
  Failure failure{launch, console, {}, {}, true};
  return failure.guard([&]() -> int {
    try {
      return dispatch(argc, argv, launch);
    } catch (const po::error& error) {
      throw UsageError(std::string(error.what()) + " (see dlhost --help)");
    }
  });
}

}  // namespace dl::host
