// A network, an optimizer and a parallel backend of users, built against the installation and trained on two ranks.
// Each computes what one of ours does, so the losses must be the same.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "installed/installation.h"

using end_to_end::shell;
using installed::Installation;

namespace {

using Losses = std::map<long, double>;

Losses train(const std::string& name, const std::string& arguments) {
  const auto& here = Installation::get();
  end_to_end::Scratch scratch;
  scratch.write("c.toml", end_to_end::small_config());
  const auto run = scratch.path() / name;
  const auto result = shell(scratch.path(), here.dlhost(2) + "c.toml --run-dir " + run.string() + arguments);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  auto losses = end_to_end::journal(run, "train_loss");
  BOOST_REQUIRE(losses.size() == 16U);
  return losses;
}

double difference(const Losses& a, const Losses& b) {
  double largest = 0;
  for (const auto& [step, loss] : a) {
    const double off = std::abs(loss - b.at(step));
    largest = off <= largest ? largest : off;  // a nan stays
  }
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(users_plugins)

/// Installed beside ours, and found as they are.
BOOST_AUTO_TEST_CASE(a_network) {
  const auto& here = Installation::get();
  here.build("network");
  const auto added = shell(here.work(), CMAKE " --install network --prefix '" + here.prefix().string() + "'");
  BOOST_REQUIRE_MESSAGE(added.code == 0, added.output);
  const auto ours = train("ours", " --set engine.precision=64");
  const auto theirs = train("theirs",
                            " --set engine.precision=64 --set model.network.type=my_networks.SmallCNN"
                            " --set 'model.network.params={num_classes = 4, image_size = 8}'");
  BOOST_TEST(difference(ours, theirs) <= 1e-12);
  BOOST_TEST(theirs.at(16) < theirs.at(1));
}

/// Named on the command line.
BOOST_AUTO_TEST_CASE(an_optimizer) {
  const auto plugins = Installation::get().build("optimizer");
  const auto ours = train("ours", " --set engine.precision=64");
  const auto theirs = train("theirs",
                            " --set engine.precision=64 --set model.optimizer.type=my_optimizers.HeavyBall"
                            " --plugin-path " +
                                plugins.string());
  BOOST_TEST(difference(ours, theirs) <= 1e-12);
}

/// Named in the config. The sums of two ranks have one order only: the same digits as with DDP.
BOOST_AUTO_TEST_CASE(a_backend) {
  const auto plugins = Installation::get().build("backend");
  const auto ours = train("ours", "");
  const auto theirs = train(
      "theirs", " --set engine.backend=my_backends.PlainAverage --set 'plugins.path=[\"" + plugins.string() + "\"]'");
  BOOST_TEST((ours == theirs), "they differ by " << difference(ours, theirs));
}

BOOST_AUTO_TEST_SUITE_END()
