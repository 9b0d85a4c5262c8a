// Whole training runs in less than float32 against a plain PyTorch loop (tests/oracles/precision.py): real images, 50
// steps. Found on one machine: float16 the same in all digits; bfloat16 the same over 5 steps, then apart by up to
// 2e-2, since float32 sums that differ in the last digit, for where a tensor lies in memory, are rounded to 8 bits the
// other way now and then. Other processors add in yet another order, hence the tolerances. Over 5 steps float32 itself
// is further away than they allow, which the test asks for.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "oracles/oracle.h"
#include "program.h"

using namespace end_to_end;

namespace {

/// The largest difference over the first `steps`.
double difference(const std::vector<double>& found, const std::vector<double>& expected, size_t steps) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  double largest = 0;
  for (size_t i = 0; i < steps; ++i) {
    const double off = std::abs(found[i] - expected[i]);
    largest = off <= largest ? largest : off;  // a nan stays
  }
  return largest;
}

std::vector<double> values_of(const std::map<long, double>& by_step) {
  std::vector<double> values;
  for (const auto& [step, value] : by_step) values.push_back(value);
  return values;
}

struct Run {
  std::string key, toml, settings;
};

std::filesystem::path trained(const Scratch& scratch, const Run& run) {
  const auto made =
      shell(scratch.path(), std::string("\"$DL_TEST_PYTHON\" " DL_ORACLES "/small_fashion_mnist.py ") + ".");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.output);
  const auto result =
      dlhost(scratch.path(), DL_ORACLES "/training_run_" + run.toml +
                                 ".toml --run-dir r --set data.root=. --set data.eval_batch_size=50" + run.settings);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  return scratch.path() / "r";
}

std::vector<double> losses_near(const Run& run, double first, double later) {
  const Scratch scratch;
  const auto folder = trained(scratch, run);
  const auto expected = oracle::read("precision");
  const auto losses = values_of(journal(folder, "train_loss"));
  const auto& theirs = expected.at(run.key + " losses");
  BOOST_TEST_MESSAGE(run.key << ": losses differ by " << difference(losses, theirs, 5) << " over 5 steps, "
                             << difference(losses, theirs, 50) << " over 50");
  BOOST_TEST(difference(losses, theirs, 5) <= first);
  BOOST_TEST(difference(losses, theirs, 50) <= later);
  const auto& test = expected.at(run.key + " test");
  BOOST_TEST(std::abs(journal(folder, "test_loss").at(50) - test[0]) <= later);
  BOOST_TEST(std::abs(journal(folder, "test_accuracy").at(50) - test[1]) <= 0.02001);  // one of 50
  if (run.key.starts_with("float16")) {
    BOOST_TEST(values_of(journal(folder, "loss_scale")) == expected.at(run.key + " scales"),
               boost::test_tools::per_element());
    BOOST_TEST(journal(folder, "skipped_updates").at(50) == expected.at(run.key + " skipped")[0]);
  }
  return losses;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pytorch_precision)

BOOST_AUTO_TEST_CASE(bfloat16) {
  losses_near({"bfloat16 autocast sgd", "sgd", " --set engine.precision=bf16"}, 1e-4, 5e-2);
  const auto autocast = losses_near({"bfloat16 autocast adamw", "adamw", " --set engine.precision=bf16"}, 1e-4, 5e-2);
  const auto all = losses_near({"bfloat16 true adamw", "adamw", " --set engine.precision=bf16-true"}, 1e-4, 5e-2);
  const auto float32 = oracle::read("precision").at("float32 adamw losses");
  BOOST_TEST(difference(autocast, float32, 5) > 1e-4);
  BOOST_TEST(difference(all, float32, 5) > 1e-4);
  BOOST_TEST(difference(autocast, all, 5) > 1e-4);
}

/// The scale of every step, and the steps that were left out.
BOOST_AUTO_TEST_CASE(float16) {
  losses_near(
      {"float16 sgd", "sgd",
       " --set engine.precision=16 --set 'engine.loss_scale={ init_scale = 16777216, growth_interval = 8 }' --set "
       "model.network.type=vision.MLP --set 'model.network.params={ in_features = 784, width = 64 }'"},
      1e-5, 1e-3);
}

BOOST_AUTO_TEST_SUITE_END()
