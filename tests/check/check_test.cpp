// `dlhost check`: what it prints of a config that works, and how it says where shapes do not fit.
#include <boost/test/unit_test.hpp>

#include "end_to_end/program.h"

using namespace end_to_end;

namespace {

std::string changed(const std::string& from, const std::string& to) {
  auto text = small_config();
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no \"" + from + "\" in the config");
  return text.replace(at, from.size(), to);
}

Result check(const Scratch& scratch, const std::string& config, const std::string& options = "", int ranks = 0) {
  scratch.write("c.toml", config);
  return dlhost(scratch.path(), "check c.toml --plugin-path " TEST_PLUGINS " " + options, ranks);
}

void says(const Result& result, int code, const std::vector<std::string>& lines) {
  BOOST_TEST(result.code == code, result.output);
  for (const auto& line : lines) BOOST_TEST(result.says(line), "'" << line << "' is not in:\n" << result.output);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_suite)

BOOST_AUTO_TEST_CASE(a_good_config) {
  const Scratch scratch;
  const auto result = check(scratch, small_config());
  says(result, 0,
       {"c.toml: the config is right\n", "  data vision.Synthetic: train 384, validation 50, test 70 samples\n",
        "  network main (vision.SimpleCNN): 35524 parameters, 1 MiB\n",
        "  training with 2 samples of train: [2, 1, 8, 8] float32, [2] int64\n",
        "    network main (vision.SimpleCNN): [2, 1, 8, 8] float32 -> [2, 4] float32\n",
        "    loss main (torch.CrossEntropyLoss): [2, 4] float32, [2] int64 -> [] float32\n", "    update main: loss ",
        ", gradients for 8 of 8 parameter tensors\n",
        "  evaluation with 2 samples of validation: [2, 1, 8, 8] float32, [2] int64\n", "    val_loss ",
        "    metric metrics.Accuracy: [2, 4] float32, [2] int64 -> accuracy ", "c.toml: ok\n"});
  BOOST_TEST(!result.says("warning"), result.output);
  // Nothing is written.
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    BOOST_TEST(entry.path().filename() == "c.toml");
}

BOOST_AUTO_TEST_CASE(layers) {
  const Scratch scratch;
  const auto result = check(scratch, small_config(), "-v");
  says(result, 0,
       {"      conv1 (conv2d): [2, 1, 8, 8] float32 -> [2, 32, 8, 8] float32\n",
        "      conv2 (conv2d): [2, 32, 4, 4] float32 -> [2, 64, 4, 4] float32\n",
        "      fc1 (addmm): [2, 256] float32 -> [2, 64] float32\n",
        "      fc2 (addmm): [2, 64] float32 -> [2, 4] float32\n"});
  BOOST_TEST(result.count("conv1 (conv2d)") == 1);
}

BOOST_AUTO_TEST_CASE(double_precision) {
  const Scratch scratch;
  says(check(scratch, small_config(), "--set engine.precision=64"), 0, {"[2, 1, 8, 8] float64 -> [2, 4] float64"});
}

BOOST_AUTO_TEST_CASE(a_layer_of_the_wrong_size) {
  const Scratch scratch;
  const auto config = changed("{ type = \"vision.SimpleCNN\", params = { num_classes = 4, image_size = 8 } }",
                              "{ type = \"faulty.Perceptron\", params = { inputs = 60, outputs = 4 } }");
  says(check(scratch, config), 2,
       {"error: one training batch: network main (faulty.Perceptron), given [2, 1, 8, 8] float32, in fc (addmm), given "
        "[2, 64] float32 and fc.bias [4], fc.weight [4, 60]: mat1 and mat2 shapes cannot be multiplied "
        "(2x64 and 60x4)"});
}

BOOST_AUTO_TEST_CASE(a_network_that_checks_its_input) {
  const Scratch scratch;
  says(check(scratch, changed("image_size = 8", "image_size = 28")), 2,
       {"error: one training batch: network main (vision.SimpleCNN), given [2, 1, 8, 8] float32: SimpleCNN: expected "
        "images [B, 1, 28, 28], found [2, 1, 8, 8]; its params num_channels and image_size must fit the data"});
}

BOOST_AUTO_TEST_CASE(a_loss_that_does_not_fit) {
  const Scratch scratch;
  says(check(scratch, changed("torch.CrossEntropyLoss", "torch.MSELoss")), 2,
       {"error: one training batch: loss main (torch.MSELoss), given [2, 4] float32, [2] int64: "});
}

BOOST_AUTO_TEST_CASE(what_the_task_does_not_use) {
  const Scratch scratch;
  const auto config = small_config() + "\n[model.losses.other]\ntype = \"torch.MSELoss\"\n";
  says(check(scratch, config), 0, {"  warning: tasks.ImageClassification does not use the loss other\n", "c.toml: ok"});
}

BOOST_AUTO_TEST_CASE(two_optimizers) {
  const Scratch scratch;
  const std::string config = R"([data]
module = { type = "vision.Synthetic", params = { shape = [1, 2, 4], num_classes = 4, train_size = 32 } }
[model]
module = { type = "faulty.Gan" }
[model.networks.generator]
type = "faulty.Perceptron"
params = { inputs = 4, outputs = 8 }
[model.networks.discriminator]
type = "faulty.Perceptron"
params = { inputs = 8, outputs = 1 }
[model.optimizers.generator]
type = "torch.Adam"
networks = ["generator"]
[model.optimizers.discriminator]
type = "torch.Adam"
networks = ["discriminator"]
)";
  says(check(scratch, config), 0,
       {"    network generator (faulty.Perceptron): [2, 4] float32 -> [2, 8] float32\n",
        "    network discriminator (faulty.Perceptron): [2, 8] float32 -> [2, 1] float32\n",
        "    update discriminator: loss 1.", "    update generator: loss ",
        "gradients for 2 of 4 parameter tensors; none for unused.weight, unused.bias\n"});
  auto wrong = config;
  wrong.replace(wrong.find("outputs = 8"), 11, "outputs = 9");
  says(check(scratch, wrong), 2,
       {"network discriminator (faulty.Perceptron), given [2, 9] float32, in discriminator.fc "
        "(addmm), given [2, 9] float32 and discriminator.fc.bias [1], discriminator.fc.weight [1, 8]: "});
}

BOOST_AUTO_TEST_CASE(data_that_is_not_there) {
  const Scratch scratch;
  auto config = small_config();
  const auto begin = config.find("{ type = \"vision.Synthetic\"");
  config.replace(begin, config.find('\n', begin) - begin, "{ type = \"vision.MNIST\" }\nroot = \"nowhere\"");
  says(check(scratch, config), 2, {"train-images-idx3-ubyte", "nowhere"});
  const auto without = check(scratch, config, "--no-batch");
  says(without, 0, {"c.toml: the config is right\n"});
  BOOST_TEST(!without.says("network"));
}

BOOST_AUTO_TEST_CASE(names_that_only_the_objects_tell) {
  const Scratch scratch;
  const auto fails = [&](const std::string& from, const std::string& to, const std::string& text) {
    says(check(scratch, changed(from, to)), 2, {text});
  };
  fails("num_epochs = 2", "num_epochs = 2\nearly_stopping = { monitor = \"val_acc\" }",
        "c.toml:20:30: [train.early_stopping] monitor: there is no metric \"val_acc\"; did you mean \"val_accuracy\"? "
        "(a validation "
        "logs: val_loss, val_accuracy)");
  fails(
      "[logger]", "[checkpoint]\nmonitor = \"val_f1\"\n[logger]",
      "c.toml:22:11: [checkpoint] monitor: there is no metric \"val_f1\" (a validation logs: val_loss, val_accuracy)");
  fails("[logger]", "[checkpoint]\nfilename = \"{val_acc:.2f}\"\n[logger]",
        "c.toml:22:12: [checkpoint] filename: there is no metric \"val_acc\"; did you mean \"val_accuracy\"?");
  fails("num_epochs = 2", "num_epochs = 2\nfreeze = [ { match = \"conv3.*\" } ]",
        "c.toml:20:12: [train.freeze] match = \"conv3.*\" fits no parameter");
  fails("num_epochs = 2", "num_epochs = 2\nresume_ckpt = \"runs/nowhere\"",
        "c.toml:20:15: [train] resume_ckpt: there is no checkpoint runs/nowhere");
  fails("momentum = 0.9 } }", "momentum = 0.9 }, groups = [ { match = \"*.biass\" } ] }",
        "c.toml:9:96: [model.optimizer.groups.0] match = \"*.biass\" fits no parameter");
  fails("\"torch.ExponentialLR\", params = { gamma = 0.9 }", "\"torch.ReduceLROnPlateau\"",
        "c.toml:10:22: [model.scheduler] torch.ReduceLROnPlateau follows a metric: name it, as call = { monitor = ");
  fails("\"torch.ExponentialLR\", params = { gamma = 0.9 }",
        "\"torch.ReduceLROnPlateau\", call = { monitor = \"val_los\" }",
        "c.toml:10:68: [model.scheduler] call.monitor: there is no metric \"val_los\"; did you mean \"val_loss\"?");
  says(check(scratch, changed("num_epochs = 2", "num_epochs = 2\nearly_stopping = { monitor = \"val_accuracy\" }")), 0,
       {"c.toml: ok"});
}

BOOST_AUTO_TEST_CASE(a_config_for_several_hosts) {
  const Scratch scratch;
  says(check(scratch, small_config(), "--set engine.num_nodes=4"), 0, {"c.toml: ok"});
  says(check(scratch, small_config(), "--set engine.communicator=mpi.Communicator"), 0, {"c.toml: ok"});
}

BOOST_AUTO_TEST_CASE(under_mpirun_one_rank_checks) {
  const Scratch scratch;
  const auto result = check(scratch, small_config(), "", 2);
  says(result, 0, {"c.toml: ok"});
  BOOST_TEST(result.count("c.toml: ok") == 1);
  says(check(scratch, small_config(), "--set engine.communicator=self", 2), 2, {"mpirun started 2 ranks"});
}

BOOST_AUTO_TEST_SUITE_END()
