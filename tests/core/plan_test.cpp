#include "core/plan.h"

#include <boost/test/unit_test.hpp>

#include "core/toml_file.h"

using namespace dl;
using namespace dl::host;

namespace {

constexpr const char* kGood = R"([data]
module = { type = "vision.Synthetic" }
[model]
module = { type = "tasks.ImageClassification" }
network = { type = "vision.SimpleCNN", params = { num_classes = 10 } }
optimizer = { type = "torch.SGD", params = { lr = 0.1 } }
loss = { type = "torch.CrossEntropyLoss" }
metrics = [ { type = "metrics.Accuracy" } ]
[engine]
seed = 1
)";

std::string problems_of(const std::vector<std::string>& set, const Launch& launch = {},
                        const std::string& text = kGood) {
  auto config = parse_toml(text, "c.toml");
  for (const auto& assignment : set) set_value(config, assignment);
  Registry registry({PLUGINS});
  Problems problems;
  (void)make_plan(config, registry, launch, problems);
  return problems.text();
}

bool says(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) BOOST_TEST_MESSAGE("found: " << text);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan)

BOOST_AUTO_TEST_CASE(a_good_config) { BOOST_TEST(problems_of({}) == ""); }

BOOST_AUTO_TEST_CASE(wrong_configs) {
  BOOST_TEST(says(problems_of({"model.network.params.num_clases=3"}),
                  "[model.network.params] unknown key \"num_clases\"; did you mean \"num_classes\"?"));
  BOOST_TEST(says(problems_of({"train.epochs=3"}), "[train] unknown key \"epochs\""));
  BOOST_TEST(says(problems_of({"tarin.num_epochs=3"}), "unknown key \"tarin\"; did you mean \"train\"?"));
  BOOST_TEST(says(problems_of({"engine.precision=\"bf16\""}),
                  "\"precision\": this version trains with 32 or 64, found \"bf16\""));
  BOOST_TEST(says(problems_of({"engine.gpus=[0]"}), "this version trains on the CPU only"));
  BOOST_TEST(says(problems_of({"engine.backend=dpp"}), "\"backend\": unknown name \"dpp\"; did you mean \"ddp\"?"));
  BOOST_TEST(says(problems_of({"engine.backend=deepspeed_stage_3"}), "no class \"ZeRO3\" in parallel"));
  BOOST_TEST(says(problems_of({"model.loss.type=vision.SimpleCNN"}), "is a network"));
  BOOST_TEST(says(problems_of({"model.network.type=vision.SimpleCnn"}), "SimpleCNN"));
  BOOST_TEST(says(problems_of({"model.network.type=\"\""}), "\"type\" is missing"));
  BOOST_TEST(says(problems_of({"model.scheduler.type=torch.StepLR", "model.scheduler.call.interval=\"batch\""}),
                  "\"interval\" must be one of \"epoch\", \"step\""));
  BOOST_TEST(says(problems_of({"model.schedulers.other.type=torch.StepLR"}), "there is no optimizer \"other\""));
  BOOST_TEST(says(problems_of({"model.optimizers.main.type=torch.SGD"}), "name the same one"));
  BOOST_TEST(says(problems_of({"model.networks.extra.type=vision.SimpleCNN", "model.optimizer.networks=[\"main\"]"}),
                  "no optimizer updates the network \"extra\""));
  BOOST_TEST(says(problems_of({"model.optimizer.networks=[\"mian\"]"}), "no network \"mian\"; did you mean \"main\"?"));
  BOOST_TEST(
      says(problems_of({"model.optimizers.second.type=torch.SGD"}), "belongs to the optimizer \"main\" already"));
  BOOST_TEST(says(problems_of({"data.transforms.trian=[]"}), "unknown split \"trian\"; did you mean \"train\"?"));
  BOOST_TEST(says(problems_of({"logger.params.file=\"x\""}), "\"params\" without a \"type\""));
}

BOOST_AUTO_TEST_CASE(what_is_missing) {
  const auto text = problems_of({}, {}, "[data]\n[model]\n");
  BOOST_TEST(says(text, "[data] \"module\" is missing"));
  BOOST_TEST(says(text, "[model] \"module\" is missing"));
  BOOST_TEST(says(text, "[model] \"optimizer\" is missing"));
  std::string without_loss = kGood;
  without_loss.erase(without_loss.find("loss ="), without_loss.find("metrics") - without_loss.find("loss ="));
  BOOST_TEST(says(problems_of({}, {}, without_loss), "tasks.ImageClassification needs a loss named \"main\""));
}

BOOST_AUTO_TEST_CASE(all_at_once) {
  const auto text =
      problems_of({"train.x=1", "engine.y=1", "model.network.params.z=1", "model.optimizer.params.lr=\"high\""});
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 3);
}

BOOST_AUTO_TEST_CASE(communicators) {
  Launch four;
  four.size = 4;
  four.by_mpirun = true;
  BOOST_TEST(problems_of({}, four) == "");
  BOOST_TEST(says(problems_of({"engine.communicator=self"}, four), "mpirun started 4 ranks; use mpi.Communicator"));
}

BOOST_AUTO_TEST_SUITE_END()
