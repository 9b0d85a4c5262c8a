// Where ranks run makes no difference.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "hosts.h"

using namespace multihost;
using end_to_end::journal;

namespace {

using Losses = std::map<long, double>;
using Ranks = std::vector<int>;

/// A network of units.
const std::string kMlp =
    " --set 'model.network={ type = \"vision.MLP\", params = { in_features = 64, width = 24, layers = 4, out_features "
    "= 4 "
    "} }' ";

Losses losses(const end_to_end::Scratch& scratch, const Ranks& ranks_on, const std::string& name,
              const std::string& set) {
  int ranks = 0, hosts = 0;
  for (const int count : ranks_on) {
    ranks += count;
    hosts += count > 0 ? 1 : 0;
  }
  const auto result =
      run(scratch.path(), ranks_on,
          "c.toml --run-dir " + name + " --set engine.num_nodes=" + std::to_string(hosts) +
              " --set train.max_steps=20 --set data.batch_size=" + std::to_string(24 / ranks) + " " + set);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  auto found = journal(scratch.path() / name, "train_loss");
  BOOST_REQUIRE(found.size() == 20U);
  return found;
}

double difference(const Losses& a, const Losses& b) {
  double largest = 0;
  for (const auto& [step, value] : a) largest = std::max(largest, std::abs(value - b.at(step)));
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(same_run)

/// The hosts' sums are added: (a + b) + (c + d) is not ((a + b) + c) + d, so the last digits may differ from one
/// host's. All backends add in the same order: bit for bit, also where hosts have different numbers of ranks.
BOOST_AUTO_TEST_CASE(four_ranks_and_three_ranks) {
  const end_to_end::Scratch scratch;
  scratch.write("c.toml", config());
  const std::string stage = "--set engine.backend=deepspeed_stage_";
  for (const auto& [together, apart] : {std::pair{Ranks{4}, Ranks{2, 2}}, {Ranks{3}, Ranks{1, 2}}}) {
    const auto name = std::to_string(together[0]);
    const auto ddp = losses(scratch, apart, name + "ddp", kMlp);
    for (const char* number : {"1", "3"})
      BOOST_TEST((ddp == losses(scratch, apart, name + "z" + number, kMlp + stage + number)));
    const double off = difference(ddp, losses(scratch, together, name, kMlp));
    BOOST_TEST_MESSAGE(name << " ranks on one host and on two differ by " << off);
    BOOST_TEST(off <= 1e-10);
  }
}

/// One rank a host: the sums are the same ones. Overlap and accumulation go the same way.
BOOST_AUTO_TEST_CASE(two_ranks_bit_for_bit) {
  const end_to_end::Scratch scratch;
  scratch.write("c.toml", config());
  for (const std::string set : {"--set engine.overlap=on", "--set engine.backend=deepspeed_stage_1"})
    BOOST_TEST((losses(scratch, {1, 1}, "apart" + set.substr(13, 1), set) ==
                losses(scratch, {2}, "together" + set.substr(13, 1), set)));
}

BOOST_AUTO_TEST_SUITE_END()
