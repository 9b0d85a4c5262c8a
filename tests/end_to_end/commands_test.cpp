// The commands as a user types them.
#include <array>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "program.h"

using namespace end_to_end;

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(help_and_version) {
  const Scratch scratch;
  const auto help = dlhost(scratch.path(), "--help");
  BOOST_TEST(help.code == 0);
  for (const char* word : {"list-plugins", "inspect lib.Class", "--set", "Exit codes"})
    BOOST_TEST(help.says(word), word);
  const auto version = dlhost(scratch.path(), "--version");
  BOOST_TEST(version.code == 0);
  BOOST_TEST(version.says("LibTorch 2.11.0"), version.output);
  BOOST_TEST(dlhost(scratch.path(), "").code == 2);
}

BOOST_AUTO_TEST_CASE(wrong_usage) {
  const Scratch scratch;
  BOOST_TEST(dlhost(scratch.path(), "lst-plugins").says("did you mean \"list-plugins\"?"));
  BOOST_TEST(dlhost(scratch.path(), "lst-plugins").code == 2);
  BOOST_TEST(dlhost(scratch.path(), "list-plugins --jsn").code == 2);
  BOOST_TEST(dlhost(scratch.path(), "test").says("takes one argument, found 0"));
}

BOOST_AUTO_TEST_CASE(other_programs) {
  const Scratch scratch;
  scratch.write("dlhost-greet", "#!/bin/sh\necho hello $1\n");
  shell(scratch.path(), "chmod +x dlhost-greet");
  const auto result = dlhost(scratch.path(), "greet you", 0, "PATH=\"$PWD:$PATH\"");
  BOOST_TEST(result.code == 0);
  BOOST_TEST(result.output == "hello you\n");
}

BOOST_AUTO_TEST_CASE(check) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto good = dlhost(scratch.path(), "check c.toml");
  BOOST_TEST(good.code == 0, good.output);
  BOOST_TEST(good.says("c.toml: ok"));
  BOOST_TEST(good.says("train 384, validation 50, test 70 samples"));
  auto text = small_config();
  text.replace(text.find("num_classes = 4, image_size"), 11, "num_clases ");
  text.replace(text.find("num_epochs"), 10, "num_epoch ");
  scratch.write("bad.toml", text);
  const auto bad = dlhost(scratch.path(), "check bad.toml");
  BOOST_TEST(bad.code == 2);
  BOOST_TEST(
      bad.says("bad.toml:8:53: [model.network.params] unknown key \"num_clases\"; did you mean \"num_classes\"?"),
      bad.output);
  BOOST_TEST(bad.says("bad.toml:19:1: [train] unknown key \"num_epoch\"; did you mean \"num_epochs\"?"), bad.output);
}

/// Parameters, gradients, optimizer states of `backend`'s row, in MiB.
std::array<double, 3> planned(const std::string& output, const std::string& backend) {
  std::istringstream row(output.substr(output.find("\n" + backend) + 1 + backend.size()));
  std::array<double, 3> values{};
  for (auto& value : values) row >> value;
  return values;
}

BOOST_AUTO_TEST_CASE(plan) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string set =
      " --set model.optimizer.type=torch.AdamW --set 'model.optimizer.params={}' --set 'model.network={ type = "
      "\"vision.MLP\", params = { in_features = 64, width = 1024, layers = 5, out_features = 4 } }'";
  const auto result = dlhost(scratch.path(), "plan c.toml --ranks 4 --memory 1MiB" + set);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  const double whole = (65 * 1024 + 3 * 1025 * 1024 + 1025 * 4) * 4 / 1048576.0;
  const std::map<std::string, std::array<double, 3>> expected{{"ddp", {1, 1, 2}},
                                                              {"deepspeed_stage_1", {1, 1, 0.5}},
                                                              {"deepspeed_stage_2", {1, 0.25, 0.5}},
                                                              {"deepspeed_stage_3", {0.25, 0.25, 0.5}}};
  for (const auto& [backend, shares] : expected) {
    const auto row = planned(result.output, backend);
    for (size_t i = 0; i < row.size(); ++i) BOOST_TEST(row[i] == shares[i] * whole, boost::test_tools::tolerance(0.02));
  }
  BOOST_TEST(result.count("    no\n") == 4);
  BOOST_TEST(result.says("The largest unit has 4.0 MiB of parameters."));
  BOOST_TEST(dlhost(scratch.path(), "plan c.toml --ranks 0").says("--ranks: at least 1, found 0"));
  BOOST_TEST(dlhost(scratch.path(), "plan c.toml --memory lots").code == 2);
  const auto no_data =
      dlhost(scratch.path(), "plan c.toml --set 'data.module={ type = \"vision.MNIST\" }' --set data.root=nowhere");
  BOOST_TEST(no_data.code == 2, no_data.output);
  BOOST_TEST(no_data.says("nowhere"), no_data.output);
}

BOOST_AUTO_TEST_CASE(shipped_configs) {
  const Scratch scratch;
  for (const auto& entry : std::filesystem::directory_iterator(CONFIGS)) {
    const auto checked = dlhost(scratch.path(), "check " + entry.path().string());
    BOOST_TEST(checked.code == 0, checked.output);
    const auto run = dlhost(scratch.path(),
                            entry.path().string() + " --set train.max_steps=3 --set engine.threads=1 --run-dir " +
                                entry.path().stem().string(),
                            2);
    BOOST_TEST(run.code == 0, run.output);
  }
}

BOOST_AUTO_TEST_CASE(json) {
  const Scratch scratch;
  const auto plugins = nlohmann::json::parse(dlhost(scratch.path(), "list-plugins --json").output);
  BOOST_TEST(plugins.dump().find("SimpleCNN") != std::string::npos);
  const auto one = nlohmann::json::parse(dlhost(scratch.path(), "inspect vision.SimpleCNN --json").output);
  BOOST_TEST(one.dump().find("num_classes") != std::string::npos);
  scratch.write("c.toml", small_config());
  BOOST_REQUIRE(dlhost(scratch.path(), "c.toml --run-dir r --set train.max_steps=1").code == 0);
  const auto metrics = nlohmann::json::parse(dlhost(scratch.path(), "validate r --json").output);
  BOOST_TEST(metrics.contains("val_accuracy"));
}

BOOST_AUTO_TEST_SUITE_END()
