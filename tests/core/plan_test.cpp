#include "core/plan.h"

#include <boost/test/unit_test.hpp>

#include "core/precision.h"
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

// The texts of single mistakes stand in tests/config_errors.
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

BOOST_AUTO_TEST_CASE(launches) {
  Launch four;
  four.size = four.local_size = 4;
  four.by_mpirun = true;
  BOOST_TEST(problems_of({}, four) == "");
  BOOST_TEST(says(problems_of({"engine.communicator=self"}, four), "mpirun started 4 ranks; use mpi.Communicator"));
  four.local_size = 2;
  BOOST_TEST(
      says(problems_of({}, four),
           "\"num_nodes\" is 1, but only 2 of the 4 ranks run on this host; set num_nodes to the number of hosts"));
  BOOST_TEST(problems_of({"engine.num_nodes=2"}, four) == "");
  Launch planned;
  planned.planned = true;
  BOOST_TEST(problems_of({"engine.num_nodes=2"}, planned) == "");
}

BOOST_AUTO_TEST_CASE(precisions) {
  using Types = std::pair<at::ScalarType, std::optional<at::ScalarType>>;
  const std::vector<std::pair<Value, Types>> known{{64, {at::kDouble, {}}},
                                                   {"64-true", {at::kDouble, {}}},
                                                   {32, {at::kFloat, {}}},
                                                   {"32", {at::kFloat, {}}},
                                                   {"32-true", {at::kFloat, {}}},
                                                   {"bf16", {at::kFloat, at::kBFloat16}},
                                                   {16, {at::kFloat, at::kHalf}},
                                                   {"bf16-mixed", {at::kFloat, at::kBFloat16}},
                                                   {"16", {at::kFloat, at::kHalf}},
                                                   {"16-mixed", {at::kFloat, at::kHalf}},
                                                   {"bf16-true", {at::kBFloat16, {}}}};
  for (const auto& [value, types] : known) BOOST_TEST_CONTEXT(value.text()) {
      Plan plan;
      BOOST_TEST(read_precision(value, plan));
      BOOST_TEST(plan.dtype == types.first);
      BOOST_TEST((plan.autocast == types.second));
    }
  Plan plan;
  for (const Value& value : {Value(8), Value("16-true"), Value(true), Value(32.0), Value("")})
    BOOST_TEST(!read_precision(value, plan), value.text());
}

BOOST_AUTO_TEST_CASE(gpus_by_local_rank) {
  BOOST_TEST(problems_of({"engine.gpus=[3]"}) == "");
  Registry registry({PLUGINS});
  auto config = parse_toml(kGood, "c.toml");
  set_value(config, "engine.gpus=[3, 1]");
  Problems problems;
  const auto plan = make_plan(config, registry,
                              {.rank = 5, .size = 6, .local_rank = 1, .local_size = 2, .by_mpirun = true}, problems);
  BOOST_TEST(plan.device == at::Device(at::kCUDA, 1));
  BOOST_REQUIRE(plan.control.has_value());
  BOOST_TEST(registry.full_name(*plan.control->info) == "mpi.Communicator");
#if WITH_CUDA
  BOOST_REQUIRE(plan.communicator.has_value());
  BOOST_TEST(registry.full_name(*plan.communicator->info) == "nccl.Communicator");
#else
  BOOST_TEST(says(problems.text(),
                  "\"communicator\" is nccl.Communicator with gpus under mpirun: no plugin library "
                  "\"nccl\""));
  BOOST_TEST(says(problems.text(),
                  " (the plugin nccl is in builds with CUDA only: tools/setup --cuda, then cmake with "
                  "-DDLHOST_WITH_CUDA=ON)"));
#endif
}

// `dlhost check` of a run to come does not know its ranks.
BOOST_AUTO_TEST_CASE(gpus_of_a_planned_run) {
  Launch planned;
  planned.planned = true;
  BOOST_TEST(problems_of({"engine.gpus=[0, 1]"}, planned) == "");
  BOOST_TEST(says(problems_of({"engine.gpus=[0, 1]"}), "\"gpus\" names 2 device(s), but 1 rank(s) run on this host"));
}

BOOST_AUTO_TEST_SUITE_END()
