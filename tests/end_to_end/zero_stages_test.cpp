// The stages of ZeRO train as DDP does, on any rank count, and load each other's checkpoints.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "program.h"

namespace data = boost::unit_test::data;
using namespace end_to_end;

namespace {

using Losses = std::map<long, double>;

const std::string kTransformer =
    " --set 'plugins.path=[\"" TEST_PLUGINS "\"]' --set 'model.network={ type = \"transformer.Transformer\" }'";
const std::string kMlp =
    " --set 'model.network={ type = \"vision.MLP\", params = { in_features = 64, width = 24, layers = 4, out_features "
    "= 4 "
    "} }'";
const std::string kAdamW =
    " --set model.optimizer.type=torch.AdamW --set 'model.optimizer.params={ lr = 0.002 }' --set train.ema.decay=0.9 "
    "--set 'model.optimizer.groups=[{ match = \"*.bias\", weight_decay = 0.0 }]'";

std::string stage(int number) { return " --set engine.backend=deepspeed_stage_" + std::to_string(number); }

/// Of the same global batch on any rank count.
Losses losses_on(const Scratch& scratch, int ranks, const std::string& run, const std::string& set,
                 const std::string& metric = "train_loss") {
  const auto result = dlhost(
      scratch.path(), "c.toml --run-dir " + run + " --set data.batch_size=" + std::to_string(24 / ranks) + set, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  return journal(scratch.path() / run, metric);
}

double difference(const Losses& a, const Losses& b) {
  BOOST_REQUIRE(a.size() == b.size());
  double largest = 0;
  for (const auto& [step, value] : a) largest = std::max(largest, std::abs(value - b.at(step)));
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zero_stages)

/// In float32, with an average of the weights, groups, evaluation between the epochs; with and without overlap and
/// activation checkpointing.
BOOST_DATA_TEST_CASE(are_ddp_bit_for_bit, data::make({kMlp, kTransformer, std::string()}), network) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  for (const int ranks : {1, 2, 3}) {
    const auto name = [&](const std::string& what) { return what + std::to_string(ranks); };
    const auto ddp = losses_on(scratch, ranks, name("ddp"), network + kAdamW);
    const auto validated = journal(scratch.path() / name("ddp"), "val_loss");
    BOOST_TEST(ddp.size() == 32U);
    for (const int number : {1, 2, 3}) {
      const auto run = name("zero" + std::to_string(number) + "-");
      const std::string more = number != ranks ? " --set engine.overlap=on" : " --set engine.overlap=off";
      BOOST_TEST((ddp == losses_on(scratch, ranks, run, network + kAdamW + stage(number) + more)));
      BOOST_TEST((validated == journal(scratch.path() / run, "val_loss")));
    }
    const std::string recomputed =
        " --set 'engine.backend={ type = \"parallel.ZeRO3\", params = { activation_checkpointing = true } }'";
    BOOST_TEST((ddp == losses_on(scratch, ranks, name("recomputed"), network + kAdamW + recomputed)));
  }
}

/// A short last batch, accumulation, clipping by the global norm.
BOOST_DATA_TEST_CASE(are_one_rank_on_any_rank_count, data::make({2, 3}), number) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string set = kTransformer + kAdamW +
                          " --set engine.precision=64 --set data.module.params.train_size=100 --set "
                          "train.accumulator_factor=3 --set train.num_epochs=5 --set train.gradient_clip.norm=0.5";
  const auto reference = losses_on(scratch, 1, "reference", set);
  BOOST_TEST(reference.size() == 10U);
  for (const int ranks : {1, 2, 3, 4, 8}) {
    const auto off = difference(reference, losses_on(scratch, ranks, "r" + std::to_string(ranks), set + stage(number)));
    BOOST_TEST_MESSAGE("stage " << number << ": " << ranks << " ranks differ by " << off);
    BOOST_TEST(off <= 1e-10);
  }
}

BOOST_DATA_TEST_CASE(train_a_gan, data::make({1, 2, 3}), number) {
  const Scratch scratch;
  scratch.write("c.toml", gan_config());
  const auto generator = losses_on(scratch, 1, "reference", "", "train_loss_generator");
  const auto discriminator = journal(scratch.path() / "reference", "train_loss_discriminator");
  for (const int ranks : {2, 3}) {
    const auto run = "r" + std::to_string(ranks);
    BOOST_TEST(difference(generator, losses_on(scratch, ranks, run, stage(number), "train_loss_generator")) <= 1e-10);
    BOOST_TEST(difference(discriminator, journal(scratch.path() / run, "train_loss_discriminator")) <= 1e-10);
  }
}

/// 4 ranks of stage 3, 2 of stage 1, 1, 3 of DDP, 2 of stage 2: as one uninterrupted run, whether each rank writes its
/// rows or rank 0 everything.
BOOST_DATA_TEST_CASE(load_each_others_checkpoints, data::make({false, true}), sharded) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = kTransformer + kAdamW + " --set engine.precision=64 --set train.val_every_n_epoch=0";
  const std::string shards = sharded ? " --set checkpoint.sharded=true" : "";
  const auto whole = losses_on(scratch, 1, "whole", common);
  losses_on(scratch, 4, "a", common + shards + stage(3) + " --set train.max_steps=6");
  BOOST_TEST(std::filesystem::exists(scratch / "a/checkpoints/last/model-00004-of-00004.safetensors") == sharded);
  losses_on(scratch, 2, "b", common + shards + stage(1) + " --set train.max_steps=12 --resume a");
  losses_on(scratch, 1, "c", common + " --set train.max_steps=18 --resume b");
  losses_on(scratch, 3, "d", common + shards + " --set train.max_steps=24 --resume c");
  const auto last = losses_on(scratch, 2, "e", common + stage(2) + " --resume d");
  BOOST_REQUIRE(last.size() == 8U);
  for (const auto& [step, loss] : last) BOOST_TEST(std::abs(loss - whole.at(step)) <= 1e-10);
}

/// What is loaded and saved again is the same, bit for bit: weights, the optimizer's states, the average.
BOOST_AUTO_TEST_CASE(hold_what_they_have_loaded) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = kTransformer + kAdamW + " --set train.max_steps=6 --set train.val_every_n_epoch=0";
  losses_on(scratch, 4, "first", common + stage(3) + " --set checkpoint.sharded=true");
  losses_on(scratch, 1, "alone", common + " --resume first");
  std::string from = "first";
  for (const auto& [ranks, set] : {std::pair{2, stage(1)}, {3, std::string()}, {2, stage(2)}, {4, stage(3)}}) {
    const auto to = from + std::to_string(ranks);
    losses_on(scratch, ranks, to, common + set + " --resume " + from);
    for (const std::string file : {"model.safetensors", "optimizer.main.safetensors"}) {
      const auto held = read_text(scratch / (to + "/checkpoints/last/" + file));
      BOOST_TEST(held.size() > 10000U);
      BOOST_TEST((held == read_text(scratch / ("alone/checkpoints/last/" + file))), to << " " << file);
    }
    from = to;
  }
}

BOOST_AUTO_TEST_SUITE_END()

/// The long form, for `ctest --preset full`: 100 steps of five networks.
BOOST_AUTO_TEST_SUITE(zero_full)

namespace {

struct Network {
  std::string name, config, set;
  std::vector<std::string> losses = {"train_loss"};
};
const std::string kSynchronised = " --set 'plugins.path=[\"" TEST_PLUGINS "\"]' --set engine.sync_batchnorm=true";
const std::string kAdamWAlone =
    " --set model.optimizer.type=torch.AdamW --set 'model.optimizer.params={ lr = 0.001 }' --set "
    "train.gradient_clip.norm=1.0";
const std::vector<Network> kNetworks{
    {"MLP", small_config(), kMlp + kAdamWAlone},
    {"CNN", small_config(), kSynchronised + kAdamWAlone + " --set 'model.network={ type = \"normalised.Cnn\" }'"},
    {"residual", small_config(),
     kSynchronised + kAdamWAlone + " --set 'model.network={ type = \"residual.Residual\" }'"},
    {"transformer", small_config(), kTransformer + kAdamWAlone},
    {"GAN", gan_config(), "", {"train_loss_generator", "train_loss_discriminator"}}};
const std::string k100Steps = " --set train.num_epochs=60 --set train.max_steps=100 --set train.val_every_n_epoch=0";

/// Of each of the network's losses.
std::vector<Losses> all_losses(const Scratch& scratch, const Network& network, int ranks, const std::string& run,
                               const std::string& set) {
  std::vector<Losses> all{losses_on(scratch, ranks, run, network.set + k100Steps + set, network.losses[0])};
  for (size_t i = 1; i < network.losses.size(); ++i) all.push_back(journal(scratch / run, network.losses[i]));
  for (const auto& losses : all) BOOST_TEST(losses.size() == 100U);
  return all;
}

double largest_difference(const std::vector<Losses>& a, const std::vector<Losses>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, difference(a[i], b[i]));
  return largest;
}

}  // namespace

BOOST_DATA_TEST_CASE(stages_beside_ddp_in_float32, data::xrange(kNetworks.size()), index) {
  const auto& network = kNetworks[index];
  for (const int accumulation : {1, 3}) {
    const Scratch scratch;
    scratch.write("c.toml", network.config);
    const auto set = " --set engine.precision=32 --set train.accumulator_factor=" + std::to_string(accumulation);
    const auto ddp = all_losses(scratch, network, 2, "ddp", set);
    for (const int number : {1, 2, 3})
      for (const std::string overlap : {"on", "off"}) {
        const auto off = largest_difference(ddp, all_losses(scratch, network, 2, std::to_string(number) + overlap,
                                                            set + stage(number) + " --set engine.overlap=" + overlap));
        BOOST_TEST_MESSAGE(network.name << ", accumulation " << accumulation << ", stage " << number << ", overlap "
                                        << overlap << ": " << off);
        BOOST_TEST(off <= 1e-6);
      }
  }
}

BOOST_DATA_TEST_CASE(any_rank_count_in_float64, data::xrange(kNetworks.size()), index) {
  const auto& network = kNetworks[index];
  const Scratch scratch;
  scratch.write("c.toml", network.config);
  const std::string set = " --set engine.precision=64";
  const auto reference = all_losses(scratch, network, 1, "reference", set);
  for (const int number : {0, 1, 2, 3})
    for (const int ranks : {1, 2, 3, 4, 8}) {
      const auto run = std::to_string(number) + "-" + std::to_string(ranks);
      const auto off =
          largest_difference(reference, all_losses(scratch, network, ranks, run, set + (number ? stage(number) : "")));
      BOOST_TEST_MESSAGE(network.name << ", stage " << number << ", " << ranks << " ranks: " << off);
      BOOST_TEST(off <= 1e-10);
    }
}

BOOST_AUTO_TEST_SUITE_END()
