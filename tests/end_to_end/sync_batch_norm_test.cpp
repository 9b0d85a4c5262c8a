// `[engine] sync_batchnorm`: networks with batch norms train alike on any number of ranks.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "program.h"

using namespace end_to_end;

namespace {

std::string config(const std::string& network, const std::string& shape, int samples) {
  return R"([data]
module = { type = "vision.Synthetic", params = { shape = )" +
         shape + R"(, num_classes = 4, train_size = )" + std::to_string(samples) +
         R"(, validation_size = 10, test_size = 10, seed = 3 } }
[model]
module    = { type = "tasks.ImageClassification" }
network   = )" +
         network + R"(
optimizer = { type = "torch.SGD", params = { lr = 0.02, momentum = 0.9 } }
loss      = { type = "torch.CrossEntropyLoss" }
[engine]
precision = 64
threads = 1
sync_batchnorm = true
[checkpoint]
save_last = false
[plugins]
path = [")" TEST_PLUGINS R"("]
[logger]
log_every_n_steps = 1
)";
}

struct Losses {
  std::map<long, double> train, validation;
};

/// With `width` samples a micro-batch of all ranks.
Losses losses_on(const Scratch& scratch, int ranks, int width, const std::string& run, const std::string& set) {
  const auto result =
      dlhost(scratch.path(),
             "c.toml --run-dir " + run + " --set data.batch_size=" + std::to_string(width / ranks) + set, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  return {journal(scratch.path() / run, "train_loss"), journal(scratch.path() / run, "val_loss")};
}

double difference(const std::map<long, double>& a, const std::map<long, double>& b) {
  BOOST_REQUIRE(a.size() == b.size());
  double largest = 0;
  for (const auto& [step, value] : a) largest = std::max(largest, std::abs(value - b.at(step)));
  return largest;
}

void compare(const Scratch& scratch, int width, size_t steps, const std::string& set) {
  Losses reference;
  for (const int ranks : {1, 2, 3, 4}) {
    const auto losses = losses_on(scratch, ranks, width, "r" + std::to_string(ranks), set);
    BOOST_REQUIRE(losses.train.size() == steps);
    if (ranks == 1) reference = losses;
    const auto off = difference(losses.train, reference.train);
    BOOST_TEST_MESSAGE(ranks << " ranks differ by " << off << " over " << steps << " steps");
    BOOST_TEST(off <= 1e-10);
    // Validation normalises by the running statistics.
    BOOST_TEST(difference(losses.validation, reference.validation) <= 1e-10);
  }
}

constexpr const char* kCnn = R"({ type = "normalised.Cnn" })";
constexpr const char* kSmallImages = "[1, 8, 8]";

}  // namespace

BOOST_AUTO_TEST_SUITE(sync_batch_norm)

/// 50 samples: micro-batches of 12, and one of 2, of which two of four ranks have none; two micro-batches a step.
BOOST_AUTO_TEST_CASE(float64_over_100_steps) {
  const Scratch scratch;
  scratch.write("c.toml", config(kCnn, kSmallImages, 50));
  compare(scratch, 12, 102, " --set train.num_epochs=34 --set train.accumulator_factor=2");
}

BOOST_AUTO_TEST_CASE(a_resnet) {
  const Scratch scratch;
  scratch.write(
      "c.toml",
      config(R"({ type = "vision.ResNet18", params = { num_classes = 4, num_channels = 3, stem = "cifar" } })",
             "[3, 16, 16]", 27));
  compare(scratch, 12, 4, " --set train.num_epochs=2 --set train.accumulator_factor=2");
}

/// Gradients travel beside a backward pass in which the batch norms communicate, too: the same bits.
BOOST_AUTO_TEST_CASE(beside_the_backward_pass) {
  const Scratch scratch;
  scratch.write("c.toml", config(kCnn, kSmallImages, 50));
  const std::string set =
      " --set train.num_epochs=3 --set 'engine.backend={ type = \"parallel.DDP\", params = { bucket_mb = 0.001 } }'";
  for (const int ranks : {2, 3, 4}) {
    const auto off = losses_on(scratch, ranks, 12, "off" + std::to_string(ranks), set + " --set engine.overlap=off");
    const auto on = losses_on(scratch, ranks, 12, "on" + std::to_string(ranks), set + " --set engine.overlap=on");
    BOOST_TEST((on.train == off.train));
    BOOST_TEST((on.validation == off.validation));
  }
}

BOOST_AUTO_TEST_CASE(torchs_own_layer_is_refused) {
  const Scratch scratch;
  scratch.write("c.toml", config(R"({ type = "normalised.Cnn", params = { of_torch = true } })", kSmallImages, 50));
  for (const auto& [command, ranks] : {std::pair{"check c.toml", 0}, {"c.toml --run-dir r", 2}}) {
    const auto result = dlhost(scratch.path(), command, ranks);
    BOOST_TEST(result.code == 2);
    BOOST_TEST(result.says("main.bn2 is a torch::nn::BatchNorm2d"));
    BOOST_TEST(result.says("dl::BatchNorm2d"));
  }
  BOOST_TEST(
      dlhost(scratch.path(), "c.toml --run-dir s --set engine.sync_batchnorm=false --set train.num_epochs=1").code ==
      0);
}

BOOST_AUTO_TEST_SUITE_END()
