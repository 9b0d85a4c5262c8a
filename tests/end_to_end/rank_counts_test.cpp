// The same global batch on 1, 2, 3, 4 and 8 ranks is the same run.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "program.h"

using namespace end_to_end;

namespace {

constexpr int kRanks[] = {1, 2, 3, 4, 8};

/// The largest difference of losses between this run and the reference.
double difference(const std::map<long, double>& a, const std::map<long, double>& b) {
  BOOST_REQUIRE(a.size() == b.size());
  double largest = 0;
  for (const auto& [step, value] : a) largest = std::max(largest, std::abs(value - b.at(step)));
  return largest;
}

std::map<long, double> losses_on(const Scratch& scratch, int ranks, const std::string& name, const std::string& set) {
  const auto result = dlhost(
      scratch.path(),
      "c.toml --run-dir " + name + std::to_string(ranks) + " --set data.batch_size=" + std::to_string(24 / ranks) + set,
      ranks);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  return journal(scratch.path() / (name + std::to_string(ranks)), "train_loss");
}

void compare(const std::string& name, const std::string& set, size_t steps, double tolerance) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  std::map<long, double> reference;
  for (const int ranks : kRanks) {
    const auto losses = losses_on(scratch, ranks, name, set);
    BOOST_REQUIRE(losses.size() == steps);
    if (reference.empty()) reference = losses;
    const auto off = difference(losses, reference);
    BOOST_TEST_MESSAGE(name << ": " << ranks << " ranks differ by " << off << " over " << steps << " steps");
    BOOST_TEST(off <= tolerance);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rank_counts)

BOOST_AUTO_TEST_CASE(float64_over_100_steps) {
  compare(
      "d",
      " --set engine.precision=64 --set train.num_epochs=7 --set train.max_steps=100 --set train.val_every_n_epoch=0",
      100, 1e-10);
}

BOOST_AUTO_TEST_CASE(float32_over_20_steps) { compare("f", " --set train.max_steps=20", 20, 1e-5); }

/// 100 samples: the last global batch has 4, so most of 8 ranks have none; and three micro-batches a step.
BOOST_AUTO_TEST_CASE(short_last_batch_accumulation_and_clipping) {
  compare("s",
          " --set engine.precision=64 --set data.module.params.train_size=100 --set train.accumulator_factor=3 --set "
          "train.num_epochs=5 --set train.gradient_clip.norm=0.5",
          10, 1e-10);
}

BOOST_AUTO_TEST_CASE(overlap_changes_nothing) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto off = losses_on(scratch, 2, "off", " --set engine.overlap=off");
  const auto on = losses_on(scratch, 2, "on", " --set engine.overlap=on");
  BOOST_TEST((on == off));
}

namespace {

struct GanLosses {
  std::map<long, double> generator, discriminator;
};

GanLosses gan_losses(const Scratch& scratch, int ranks, const std::string& run, const std::string& set) {
  const auto result = dlhost(
      scratch.path(), "c.toml --run-dir " + run + " --set data.batch_size=" + std::to_string(24 / ranks) + set, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  return {journal(scratch.path() / run, "train_loss_generator"),
          journal(scratch.path() / run, "train_loss_discriminator")};
}

}  // namespace

BOOST_AUTO_TEST_CASE(gan) {
  const Scratch scratch;
  scratch.write("c.toml", gan_config());
  // A short last batch of 4 samples; micro-batches that are added up; clipping; communication beside the backward pass.
  const std::vector<std::string> ways{"", " --set train.accumulator_factor=3 --set train.gradient_clip.norm=0.1",
                                      " --set engine.overlap=on --set train.gradient_clip.value=0.02"};
  for (size_t way = 0; way < ways.size(); ++way) {
    GanLosses reference;
    for (const int ranks : kRanks) {
      const auto run = "r" + std::to_string(way) + "-" + std::to_string(ranks);
      const auto losses = gan_losses(scratch, ranks, run, ways[way]);
      BOOST_REQUIRE(losses.generator.size() == (way == 1 ? 10U : 25U));
      if (reference.generator.empty()) reference = losses;
      const auto off = std::max(difference(losses.generator, reference.generator),
                                difference(losses.discriminator, reference.discriminator));
      BOOST_TEST_MESSAGE("gan, way " << way << ": " << ranks << " ranks differ by " << off);
      BOOST_TEST(off <= 1e-10);
    }
  }
  const auto run = scratch.path() / "r0-1";
  BOOST_TEST(journal(run, "lr_generator").at(25) == 0.01 / 16, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(journal(run, "lr_discriminator").at(25) == 0.02);
  BOOST_TEST(std::filesystem::exists(run / "checkpoints/last/model.generator.safetensors"));

  // Both optimizers go on with what they had.
  gan_losses(scratch, 2, "cut", " --set train.max_steps=12");
  const auto resumed = gan_losses(scratch, 2, "cut", " --resume auto");
  const auto whole = gan_losses(scratch, 2, "whole", "");
  BOOST_TEST((resumed.generator == whole.generator));
  BOOST_TEST((resumed.discriminator == whole.discriminator));
}

/// The same digits, not only close ones.
BOOST_AUTO_TEST_CASE(one_checkpoint_tests_the_same_on_any_rank_count) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  BOOST_REQUIRE(dlhost(scratch.path(), "c.toml --run-dir r").code == 0);
  std::string reference;
  for (const int ranks : kRanks) {
    const auto result = dlhost(scratch.path(), "test r/checkpoints/last", ranks);
    BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
    BOOST_TEST(result.says("test_accuracy 0."));
    if (reference.empty()) reference = result.output;
    BOOST_TEST(result.output == reference);
  }
  const auto alone = dlhost(scratch.path(), "test r");
  BOOST_TEST(alone.output == reference);
}

BOOST_AUTO_TEST_SUITE_END()
