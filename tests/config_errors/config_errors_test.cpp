// What a user reads who wrote a config wrong: one mistake a case, and the whole text.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/config.h"
#include "core/errors.h"
#include "core/plan.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

constexpr const char* kGood = R"([data]
module = { type = "vision.Synthetic", params = { num_classes = 4 } }
batch_size = 24
[model]
module    = { type = "tasks.ImageClassification" }
network   = { type = "vision.SimpleCNN", params = { num_classes = 4 } }
optimizer = { type = "torch.SGD", params = { lr = 0.1 } }
loss      = { type = "torch.CrossEntropyLoss" }
metrics   = [ { type = "metrics.Accuracy" } ]
[engine]
seed = 1
[train]
num_epochs = 2
)";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// Everything that is wrong with the config `text` in the file c.toml, with the folders' names taken out.
std::string errors_of(const std::string& text, const Launch& launch = {}) {
  const TemporaryFolder temporary;
  const auto folder = temporary.path().string();
  write_text(folder + "/c.toml", text);
  std::string out;
  try {
    Problems problems;
    const auto config = load_config(folder + "/c.toml", {}, problems);
    auto registry = make_registry(config, {PLUGINS, TEST_PLUGINS}, problems);
    (void)make_plan(config, registry, launch, problems);
    out = problems.text();
  } catch (const UsageError& error) {
    out = error.what();
  }
  replace_all(out, folder + "/", "");
  replace_all(out, PLUGINS, "PLUGINS");
  replace_all(out, TEST_PLUGINS, "TEST_PLUGINS");
  return out;
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  if (text.find(from) == std::string::npos) throw std::logic_error("no \"" + from + "\" in the config");
  replace_all(text, from, to);
  return text;
}

struct Case {
  const char* name;
  const char* from;
  const char* to;  ///< in the good config, `from` becomes this
  const char* expected;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config_errors)

BOOST_AUTO_TEST_CASE(the_good_config_is_right) { BOOST_TEST(errors_of(kGood) == ""); }

BOOST_AUTO_TEST_CASE(one_mistake_each) {
  const Case cases[] = {
      {"a key of another program", "num_epochs = 2", "max_epochs = 2",
       "c.toml:13:1: [train] unknown key \"max_epochs\"; did you mean \"num_epochs\"?"},
      {"a key that nobody knows", "[train]", "[run]\nlearning_rate = 0.1\n[train]",
       "c.toml:13:1: [run] unknown key \"learning_rate\" (known: dir, experiment, name)"},
      {"a table that nobody knows", "[train]", "[trainer]",
       "c.toml:12:2: unknown key \"trainer\"; did you mean \"train\"?"},
      {"a table's name made longer", "[train]", "[training]",
       "c.toml:12:2: unknown key \"training\"; did you mean \"train\"?"},
      {"a key of another table", "num_epochs = 2", "batch_size = 8",
       "c.toml:13:1: [train] unknown key \"batch_size\"; it belongs into [data]"},
      {"a table as a key", "num_epochs = 2", "logger = \"csv.CSVLogger\"",
       "c.toml:13:1: [train] unknown key \"logger\"; it belongs into [logger]"},
      {"a duration in words", "num_epochs = 2", "max_time = \"90 minutes\"",
       "c.toml:13:12: [train] \"max_time\" must be \"HH:MM:SS\" or \"DD:HH:MM:SS\", found \"90 minutes\""},
      {"a number in quotes", "batch_size = 24", "batch_size = \"24\"",
       "c.toml:3:14: [data] \"batch_size\": expected integer, found string \"24\"; write 24 without quotes"},
      {"a float for a count", "batch_size = 24", "batch_size = 24.0",
       "c.toml:3:14: [data] \"batch_size\": expected integer, found float 24.0; write 24"},
      {"a list without brackets", "[train]", "[plugins]\npath = \"more\"\n[train]",
       "c.toml:13:8: [plugins] the plugin folder more does not exist\n"
       "c.toml:13:8: [plugins] \"path\": expected list of string, found string \"more\"; write [\"more\"]"},
      {"out of range", "batch_size = 24", "num_workers = -1",
       "c.toml:3:15: [data] \"num_workers\" must be in [0, 256], found -1"},
      {"not one of the words", "seed = 1", "overlap = \"yes\"",
       "c.toml:11:11: [engine] \"overlap\" must be one of \"auto\", \"on\", \"off\", found \"yes\""},
      {"a class's name in another case", "vision.SimpleCNN", "vision.SimpleCnn",
       "c.toml:6:22: [model.network] no class \"SimpleCnn\" in vision (PLUGINS/vision.so); did you mean "
       "\"vision.SimpleCNN\"?"},
      {"a class of another library", "vision.SimpleCNN", "torch.SimpleCNN",
       "c.toml:6:22: [model.network] no class \"SimpleCNN\" in torch (PLUGINS/torch.so); did you mean "
       "\"vision.SimpleCNN\"?"},
      {"a library that is not there", "vision.SimpleCNN", "vison.SimpleCNN",
       "c.toml:6:22: [model.network] no plugin library \"vison\" (searched: PLUGINS, TEST_PLUGINS); did you mean "
       "\"vision\"?"},
      {"a library that nothing is like", "vision.SimpleCNN", "acme.Quux",
       "c.toml:6:22: [model.network] no plugin library \"acme\" (searched: PLUGINS, TEST_PLUGINS); add its folder with "
       "--plugin-path, [plugins] path or DLHOST_PLUGIN_PATH"},
      {"a class without its library", "vision.SimpleCNN", "SimpleCNN",
       "c.toml:6:22: [model.network] \"SimpleCNN\": expected \"lib.Class\"; did you mean \"vision.SimpleCNN\"?"},
      {"a class of another kind", "torch.CrossEntropyLoss", "vision.SimpleCNN",
       "c.toml:8:22: [model.loss] vision.SimpleCNN is a network, needed here is a loss, such as "
       "torch.CrossEntropyLoss, torch.NLLLoss, torch.BCEWithLogitsLoss, torch.MSELoss, torch.L1Loss, "
       "torch.SmoothL1Loss, …"},
      {"a string instead of a table", "{ type = \"torch.CrossEntropyLoss\" }", "\"torch.CrossEntropyLoss\"",
       "c.toml:8:13: [model.loss] expected table, found string \"torch.CrossEntropyLoss\"; write { type = "
       "\"torch.CrossEntropyLoss\" }"},
      {"an option beside params", "CNN\", params = { num_classes = 4 }", "CNN\", num_classes = 4",
       "c.toml:6:42: [model.network] unknown key \"num_classes\" (known: type, params); the class's own options go "
       "into params = { num_classes = 4 }"},
      {"an option that the class does not have", "CNN\", params = { num_classes", "CNN\", params = { num_clases",
       "c.toml:6:53: [model.network.params] unknown key \"num_clases\"; did you mean \"num_classes\"?"},
      {"an option with a condition of its own", "CNN\", params = { num_classes = 4",
       "CNN\", params = { image_size = 30",
       "c.toml:6:66: [model.network.params] \"image_size\" must be a positive multiple of 4, found 30"},
      {"an option out of range", "lr = 0.1", "lr = -0.1",
       "c.toml:7:51: [model.optimizer.params] \"lr\" must be >= 0, found -0.1"},
      {"no type", "type = \"torch.SGD\", ", "",
       "c.toml:7:13: [model.optimizer] \"type\" is missing: expected the name \"lib.Class\" of an optimizer class "
       "(dlhost list-plugins shows them)"},
      {"no data, no task", "module", "#module",
       "c.toml:1:1: [data] \"module\" is missing: expected { type = \"lib.Class\" } of a data class (dlhost "
       "list-plugins shows them)\n"
       "c.toml:4:1: [model] \"module\" is missing: expected { type = \"lib.Class\" } of a task class (dlhost "
       "list-plugins shows them)"},
      {"a role without an object", "loss      =", "#loss     =",
       "c.toml:5:22: [model.module] tasks.ImageClassification needs a loss named \"main\" (of logits [B, K] and labels "
       "int64 [B]); add [model.loss]"},
      {"a role under another name", "network   =", "networks.net =",
       "c.toml:5:22: [model.module] tasks.ImageClassification needs a network named \"main\" (images [B, C, H, W] to "
       "logits [B, K]); add [model.network] (the config has: net)"},
      {"no optimizer", "optimizer =", "#optimizer =",
       "c.toml:4:1: [model] \"optimizer\" is missing: expected { type = \"lib.Class\" } of an optimizer class (dlhost "
       "list-plugins shows them)"},
      {"an optimizer of no network", "params = { lr = 0.1 } }", "networks = [\"mian\", \"main\", \"main\"] }",
       "c.toml:7:22: [model.optimizer] \"networks\": \"main\" is named twice; name it once\n"
       "c.toml:7:22: [model.optimizer] \"networks\": there is no network \"mian\"; did you mean \"main\"? (the config "
       "has: main)"},
      {"a network that nothing updates", "params = { lr = 0.1 } }",
       "networks = [\"main\"] }\nnetworks.extra = { type = \"vision.SimpleCNN\" }",
       "c.toml:8:27: [model.networks.extra] no optimizer updates the network \"extra\"; name it in an optimizer's "
       "networks = [ … ], or give it an optimizer of its own"},
      {"two optimizers of one network", "[engine]", "[model.optimizers.second]\ntype = \"torch.SGD\"\n[engine]",
       "c.toml:11:8: [model.optimizers.second] the network \"main\" has the optimizer \"main\" already; give each "
       "optimizer its own networks = [ … ]"},
      {"a scheduler of no optimizer", "[engine]", "[model.schedulers.mian]\ntype = \"torch.StepLR\"\n[engine]",
       "c.toml:11:8: [model.schedulers.mian] a scheduler belongs to the optimizer of its name, and there is no "
       "optimizer \"mian\"; did you mean \"main\"? (the config has: main)"},
      {"two ways to name one", "[engine]", "[model.losses.main]\ntype = \"torch.MSELoss\"\n[engine]",
       "c.toml:10:15: [model] \"loss\" and \"losses.main\" are the same one; keep one of them"},
      {"a name that no file can have", "[engine]", "[model.losses.\"a/b\"]\ntype = \"torch.MSELoss\"\n[engine]",
       "c.toml:10:16: [model.losses] the name \"a/b\" must be of letters, digits, _ and -"},
      {"an unknown precision", "seed = 1", "precision = \"16-true\"",
       "c.toml:11:13: [engine] \"precision\": expected 64, 32, \"bf16\", 16 or \"bf16-true\" (or, as Lightning has "
       "them, "
       "\"64-true\", \"32-true\", \"bf16-mixed\", \"16-mixed\"), found \"16-true\""},
      {"a precision that no parameter of the backend has", "seed = 1",
       "precision = \"bf16-true\"\nbackend = \"limited.Float32Backend\"",
       "c.toml:11:13: [engine] \"precision\" is \"bf16-true\", but limited.Float32Backend ([engine.backend]) can work "
       "with 32 only"},
      {"a loss scale that nothing has", "seed = 1", "precision = \"bf16\"\nloss_scale = { init_scale = 4 }",
       "c.toml:12:14: [engine] \"loss_scale\": only precision = 16 has a loss scale, this run has \"bf16\"; leave it "
       "out"},
      {"a loss scale that begins too low", "seed = 1",
       "precision = 16\nloss_scale = { init_scale = 4, min_loss_scale = 8 }",
       "c.toml:12:14: [engine] \"loss_scale\": init_scale is below min_loss_scale"},
      {"an average in bfloat16", "[train]", "precision = \"bf16-true\"\n[train]\nema = { decay = 0.9 }",
       "c.toml:14:7: [train] \"ema\": an average kept in bfloat16 loses small changes of the weights; use precision = "
       "\"bf16\""},
      {"a precision that the backend does not have", "seed = 1", "precision = 64\nbackend = \"limited.Float32Backend\"",
       "c.toml:11:13: [engine] \"precision\" is 64, but limited.Float32Backend ([engine.backend]) can work with 32 "
       "only"},
      {"more GPUs than ranks", "seed = 1", "gpus = [0, 1]",
       "c.toml:11:8: [engine] \"gpus\" names 2 device(s), but 1 rank(s) run on this host; start it with mpirun -n 2, "
       "or "
       "name one device a rank"},
      {"a GPU for two ranks", "seed = 1", "gpus = [1, 1]",
       "c.toml:11:8: [engine] \"gpus\" names the device 1 twice; each rank of a host needs one of its own"},
      {"a GPU that can't be", "seed = 1", "gpus = [-1]",
       "c.toml:11:8: [engine] \"gpus\" must be in [0, 127], found [-1]"},
      {"a communicator for CPUs", "seed = 1", "gpus = [0]\ncommunicator = \"mpi.Communicator\"",
       "c.toml:12:16: [engine.communicator] mpi.Communicator works on CPU only, but this run is on GPUs ([engine] "
       "gpus); use another class"},
      {"a class for GPUs", "seed = 1", "communicator = \"limited.GpuCommunicator\"",
       "c.toml:11:16: [engine.communicator] limited.GpuCommunicator works on CUDA only, but this run is on the CPU; "
       "use another class"},
      {"a backend that is misspelt", "seed = 1", "backend = \"dpp\"",
       "c.toml:11:11: [engine] \"backend\": unknown name \"dpp\"; did you mean \"ddp\"? (known: ddp, "
       "deepspeed_stage_1, deepspeed_stage_2, deepspeed_stage_3, or any \"lib.Class\")"},
      {"a backend that is not there", "seed = 1", "backend = \"parallel.ZeRO4\"",
       "c.toml:11:11: [engine.backend] no class \"ZeRO4\" in parallel (PLUGINS/parallel.so); did you mean "
       "\"parallel.ZeRO1\"?"},
      {"hosts without mpirun", "seed = 1", "num_nodes = 2",
       "c.toml:11:13: [engine] \"num_nodes\" is 2, but this is one process on one host; start it with mpirun on 2 "
       "hosts"},
      {"the same metric twice", "[ { type = \"metrics.Accuracy\" } ]",
       "[ { type = \"metrics.Accuracy\" }, { type = \"metrics.Accuracy\" } ]",
       "c.toml:9:55: [model.metrics.1] the same metric metrics.Accuracy with the same params is in the config twice; "
       "remove one"},
      {"a logger without a class", "[train]", "[logger]\nparams = { file = \"x\" }\n[train]",
       "c.toml:13:12: [logger] \"params\" without a \"type\": add type = \"lib.Class\" of a logger class (dlhost "
       "list-plugins shows them)"},
      {"a split that is misspelt", "batch_size = 24", "transforms = { trian = [ { type = \"vision.RandomCrop\" } ] }",
       "c.toml:3:16: [data.transforms] unknown split \"trian\"; did you mean \"train\"? (known: train, validation, "
       "test)"},
      {"an environment variable", "batch_size = 24", "root = \"${DL_NO_SUCH_VARIABLE}/data\"",
       "c.toml:3:8: [data] \"root\": the environment variable DL_NO_SUCH_VARIABLE is not set; set it, or write "
       "$${DL_NO_SUCH_VARIABLE} for the text itself"},
      {"a home folder", "batch_size = 24", "root = \"~/data\"",
       "c.toml:3:8: [data] \"root\": ~ has no meaning here; write \"${HOME}/data\""},
      {"a plugin folder that is not there", "[train]", "[plugins]\npath = [\"more\"]\n[train]",
       "c.toml:13:9: [plugins] the plugin folder more does not exist"},
      {"no TOML", "batch_size = 24", "batch_size = = 24",
       "c.toml:3:14: bad format: unknown value appeared; a text stands in quotes, true and false in lower case\n"
       " --> c.toml\n"
       "   |\n"
       " 3 | batch_size = = 24\n"
       "   |              ^--- here"},
      {"a string without its end", "seed = 1", "backend = \"ddp",
       "c.toml:11:11: the next token is not a valid string; it ends with the quote that it begins with, in the same "
       "line\n"
       " --> c.toml\n"
       "    |\n"
       " 11 | backend = \"ddp\n"
       "    |           ^--- here"},
      {"a key twice", "batch_size = 24", "batch_size = 24\nbatch_size = 25",
       "c.toml:4:1: value (\"batch_size\") already exists.\n"
       " --> c.toml\n"
       "   |\n"
       " 3 | batch_size = 24\n"
       "   |              ~~ value already exists here\n"
       " ...\n"
       " 4 | batch_size = 25\n"
       "   |              ~~ value defined twice"},
      {"a date", "batch_size = 24", "root = 2026-01-01",
       "c.toml:3:8: dates and times have no meaning here; write it in quotes"},
      {"a table instead of a list", "[ { type = \"metrics.Accuracy\" } ]", "{ type = \"metrics.Accuracy\" }",
       "c.toml:9:13: [model] \"metrics\": expected list of table, found a table; put it into a list: [ { … } ]"},
  };
  for (const auto& c : cases)
    BOOST_TEST(errors_of(changed(c.from, c.to)) == c.expected, c.name << ":\n" << errors_of(changed(c.from, c.to)));
}

BOOST_AUTO_TEST_CASE(all_of_a_file_at_once_in_its_order) {
  auto text = changed("batch_size = 24", "batch_size = 0\nroot = \"${DL_NO_SUCH_VARIABLE}\"");
  replace_all(text, "lr = 0.1", "lr = \"high\", momentun = 0.9");
  replace_all(text, "torch.CrossEntropyLoss", "torch.CrossEntropy");
  replace_all(text, "num_epochs", "epochs");
  BOOST_TEST(errors_of(text) ==
             "c.toml:3:14: [data] \"batch_size\" must be >= 1, found 0\n"
             "c.toml:4:8: [data] \"root\": the environment variable DL_NO_SUCH_VARIABLE is not set; set it, or write "
             "$${DL_NO_SUCH_VARIABLE} for the text itself\n"
             "c.toml:8:51: [model.optimizer.params] \"lr\": expected float, found string \"high\"\n"
             "c.toml:8:59: [model.optimizer.params] unknown key \"momentun\"; did you mean \"momentum\"?\n"
             "c.toml:9:22: [model.loss] no class \"CrossEntropy\" in torch (PLUGINS/torch.so); did you mean "
             "\"torch.CrossEntropyLoss\"?\n"
             "c.toml:14:1: [train] unknown key \"epochs\"; did you mean \"num_epochs\"?");
}

BOOST_AUTO_TEST_CASE(under_mpirun) {
  Launch four;
  four.by_mpirun = true;
  four.size = four.local_size = 4;
  BOOST_TEST(errors_of(changed("seed = 1", "communicator = \"self\""), four) ==
             "c.toml:11:16: [engine] \"communicator\" is self, but mpirun started 4 ranks; use mpi.Communicator");
  four.local_size = 2;
  BOOST_TEST(errors_of(changed("seed = 1", "num_nodes = 1"), four) ==
             "c.toml:11:13: [engine] \"num_nodes\" is 1, but only 2 of the 4 ranks run on this host; set num_nodes to "
             "the number of hosts that mpirun uses");
  BOOST_TEST(errors_of(changed("seed = 1", "num_nodes = 2"), four) == "");
}

BOOST_AUTO_TEST_SUITE_END()
