// Whole training runs against a plain PyTorch loop in float64 (tests/oracles/training_run.py): real images, 50 steps.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "core/safetensors_file.h"
#include "oracles/oracle.h"
#include "program.h"

using namespace end_to_end;

namespace {

struct PyTorchRun {
  std::string name;
  int batch_size;  ///< of all ranks
};

/// oracle_lines.py: summary().
std::vector<double> summary(const at::Tensor& tensor) {
  const auto values = tensor.to(at::kDouble).flatten();
  return {values.sum().item<double>(), values.square().sum().item<double>(), values[0].item<double>(),
          values[-1].item<double>()};
}

/// The largest of |found - expected| / max(1, |expected|).
double difference(const std::vector<double>& found, const std::vector<double>& expected) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double off = std::abs(found[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    largest = off <= largest ? largest : off;  // a nan stays
  }
  return largest;
}

std::vector<double> values_of(const std::map<long, double>& by_step) {
  std::vector<double> values;
  for (const auto& [step, value] : by_step) values.push_back(value);
  return values;
}

void check_near(const std::string& what, const std::vector<double>& found, const std::vector<double>& expected) {
  const double off = difference(found, expected);
  BOOST_TEST_MESSAGE(what << " differ from PyTorch's by " << off);
  BOOST_TEST(off <= 1e-10, what << " differ from PyTorch's by " << off);
}

void compare(const PyTorchRun& run, int ranks) {
  const Scratch scratch;
  const auto made =
      shell(scratch.path(), std::string("\"$DL_TEST_PYTHON\" " DL_ORACLES "/small_fashion_mnist.py ") + ".");
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.output);
  const auto trained = dlhost(scratch.path(),
                              DL_ORACLES "/training_run_" + run.name + ".toml --run-dir r --set data.root=. --set " +
                                  "data.batch_size=" + std::to_string(run.batch_size / ranks),
                              ranks);
  BOOST_REQUIRE_MESSAGE(trained.code == 0, trained.output);

  const auto expected = oracle::read("training_run");
  const auto folder = scratch.path() / "r";
  const auto label = run.name + " on " + std::to_string(ranks) + " rank(s): ";
  const auto losses = values_of(journal(folder, "train_loss"));
  BOOST_REQUIRE_EQUAL(losses.size(), 50U);
  // The first loss is that of the initial weights: where it differs, initialisation or data have changed, not training.
  BOOST_TEST(losses[0] == expected.at(run.name + " losses")[0], boost::test_tools::tolerance(1e-12));
  check_near(label + "losses", losses, expected.at(run.name + " losses"));
  check_near(label + "rates", values_of(journal(folder, "lr")), expected.at(run.name + " rates"));
  check_near(label + "test loss and accuracy",
             {journal(folder, "test_loss").at(50), journal(folder, "test_accuracy").at(50)},
             expected.at(run.name + " test"));
  const dl::host::SafetensorsFile weights(folder / "checkpoints/last/model.safetensors");
  BOOST_TEST(weights.tensors().size() == 8U);
  for (const auto& entry : weights.tensors())
    check_near(label + entry.name, summary(weights.read(entry.name)), expected.at(run.name + " " + entry.name));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pytorch_training)

BOOST_AUTO_TEST_CASE(sgd) {
  for (const int ranks : {1, 2}) compare({"sgd", 24}, ranks);
}

BOOST_AUTO_TEST_CASE(adamw_with_accumulation) {
  for (const int ranks : {1, 2}) compare({"adamw", 12}, ranks);
}

BOOST_AUTO_TEST_SUITE_END()
