// What a training leaves behind, and that it can be repeated.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "program.h"

using namespace end_to_end;
namespace fs = std::filesystem;

namespace {

nlohmann::json read_json(const fs::path& file) {
  std::ifstream in(file);
  BOOST_REQUIRE_MESSAGE(in, file);
  return nlohmann::json::parse(in);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(training)

BOOST_AUTO_TEST_CASE(leaves_a_whole_run) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto result = dlhost(scratch.path(), "c.toml --run-dir r --set logger.type=csv.CSVLogger");
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  BOOST_TEST(result.says("epoch 2/2"));
  BOOST_TEST(result.says("test_accuracy"));
  const auto run = scratch.path() / "r";
  const auto record = read_json(run / "run.json");
  BOOST_TEST(record["status"] == "finished");
  BOOST_TEST(record["steps"] == 32);
  BOOST_TEST(record["ranks"] == 1);
  BOOST_TEST(record["plugins"].size() == 6U);
  BOOST_TEST(record["metrics"]["test_accuracy"].get<double>() > 0.5);  // four classes
  BOOST_TEST(record["seconds_to_first_step"].get<double>() > 0);
  BOOST_TEST(record["peak_memory_bytes"].at(0).get<double>() > 1e7);

  const auto losses = journal(run, "train_loss");
  BOOST_TEST(losses.size() == 32U);
  BOOST_TEST(losses.at(32) < losses.at(1));
  const auto rates = journal(run, "lr");
  BOOST_TEST(rates.at(16) == 0.05);
  BOOST_TEST(rates.at(17) == 0.05 * 0.9, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(journal(run, "val_accuracy").size() == 2U);
  BOOST_TEST(fs::exists(run / "metrics.csv"));
  BOOST_TEST(fs::exists(run / "log.txt"));

  const auto last = run / "checkpoints/last";
  BOOST_TEST(fs::is_symlink(last));
  BOOST_TEST(std::distance(fs::directory_iterator(run / "checkpoints"), {}) == 2);  // the link and what it points to
  const dl::host::SafetensorsFile weights(last / "model.safetensors");
  BOOST_TEST(weights.tensors().size() == 8U);
  BOOST_TEST(weights.contains("conv1.weight"));
  BOOST_TEST(read_json(last / "state.json")["step"] == 32);

  // The stored config trains the same run again.
  const auto again = dlhost(scratch.path(), "r/config.toml --run-dir again");
  BOOST_REQUIRE_MESSAGE(again.code == 0, again.output);
  BOOST_TEST((journal(scratch.path() / "again", "train_loss") == losses));
}

/// Bit for bit the same losses for any number of loader threads, with augmentation.
BOOST_AUTO_TEST_CASE(loader_threads_change_nothing) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string augmented =
      " --set 'data.transforms.train=[ { type = \"vision.RandomHorizontalFlip\" }, { type = \"vision.RandomCrop\", "
      "params = { "
      "size = 8, padding = 1 } } ]'";
  std::map<long, double> reference;
  for (const char* workers : {"0", "1", "3"}) {
    const auto run = "r" + std::string(workers);
    const auto result =
        dlhost(scratch.path(), "c.toml --run-dir " + run + " --set data.num_workers=" + workers + augmented);
    BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
    const auto losses = journal(scratch.path() / run, "train_loss");
    if (reference.empty()) reference = losses;
    BOOST_TEST((losses == reference));
  }
  const auto plain = dlhost(scratch.path(), "c.toml --run-dir plain");
  BOOST_TEST((journal(scratch.path() / "plain", "train_loss") != reference));
}

/// The losses of the first 20 steps, in float64, as they were recorded. A change of the training step leaves them as
/// they are, or the commit says why not.
BOOST_AUTO_TEST_CASE(recorded_losses) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto result = dlhost(scratch.path(), "c.toml --run-dir r --set engine.precision=64 --set train.max_steps=20");
  BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
  const auto losses = journal(scratch.path() / "r", "train_loss");
  std::ifstream golden(GOLDEN);
  BOOST_REQUIRE(golden);
  size_t compared = 0;
  for (double expected = 0; golden >> expected; ++compared)
    BOOST_TEST(losses.at(static_cast<long>(compared) + 1) == expected, boost::test_tools::tolerance(1e-10));
  BOOST_TEST(compared == 20U);
}

BOOST_AUTO_TEST_CASE(limits_and_accumulation) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto steps = [&](const std::string& name, const std::string& set) {
    const auto result = dlhost(scratch.path(), "c.toml --run-dir " + name + " " + set);
    BOOST_REQUIRE_MESSAGE(result.code == 0, result.output);
    return read_json(scratch.path() / name / "run.json")["steps"].get<int>();
  };
  BOOST_TEST(steps("a", "--set train.max_steps=5") == 5);
  // From the second epoch on two micro-batches a step: 16 + 8 steps.
  BOOST_TEST(steps("b", "--set train.accumulator_epoch=1 --set train.accumulator_factor=2") == 24);
  BOOST_TEST(steps("c", "--set train.num_epochs=1 --set data.batch_size=100") == 4);
  BOOST_TEST(steps("d", "--set train.num_epochs=1 --set data.batch_size=100 --set data.drop_last=true") == 3);
  BOOST_TEST(steps("e", "--set train.num_epochs=0") == 0);
  BOOST_TEST(steps("f", "--set train.val_every_n_epoch=0") == 32);
  BOOST_TEST(journal(scratch.path() / "f", "val_loss").empty());
}

BOOST_AUTO_TEST_SUITE_END()
