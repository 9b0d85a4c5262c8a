// A run that was interrupted goes on as the same run.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.h"

using namespace end_to_end;
namespace fs = std::filesystem;

namespace {

using Losses = std::map<long, double>;

constexpr const char* kAugmented =
    " --set 'data.transforms.train=[ { type = \"vision.RandomHorizontalFlip\" }, { type = \"vision.RandomCrop\", "
    "params = "
    "{ size = 8, padding = 1 } } ]'";

Losses losses(const Scratch& scratch, const std::string& run) { return journal(scratch.path() / run, "train_loss"); }

Result trained(const Scratch& scratch, const std::string& arguments, int ranks, int code = 0) {
  const auto result = dlhost(scratch.path(), arguments, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == code, arguments << " ended with " << result.code << "\n" << result.output);
  return result;
}

std::string status_of(const fs::path& run) {
  std::ifstream file(run / "run.json");
  return nlohmann::json::parse(file)["status"];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume)

/// In the middle of an epoch, with momentum, augmentation, an average of the weights and loader threads: bit for bit.
BOOST_AUTO_TEST_CASE(in_the_middle_of_an_epoch_bit_for_bit) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = std::string("c.toml --set train.ema.decay=0.9 --set data.num_workers=2") + kAugmented;
  for (const int ranks : {0, 2}) {
    const std::string batch = ranks ? " --set data.batch_size=12" : "";
    const auto name = [&](const char* run) { return run + std::to_string(ranks); };
    trained(scratch, common + batch + " --run-dir " + name("whole"), ranks);
    trained(scratch, common + batch + " --set train.max_steps=20 --run-dir " + name("cut"), ranks);
    BOOST_TEST(losses(scratch, name("cut")).size() == 20U);
    const auto result = trained(scratch, common + batch + " --resume " + name("cut"), ranks);
    BOOST_TEST(result.says("epoch 2, step 20"), result.output);
    BOOST_TEST((losses(scratch, name("cut")) == losses(scratch, name("whole"))));
    for (const char* metric : {"val_loss", "val_accuracy", "test_loss", "test_accuracy"})
      BOOST_TEST(journal(scratch.path() / name("cut"), metric)[32] ==
                 journal(scratch.path() / name("whole"), metric)[32]);
    BOOST_TEST(status_of(scratch.path() / name("cut")) == "finished");
  }
}

/// A checkpoint of one rank count goes on at another: the same samples, the same losses up to rounding.
BOOST_AUTO_TEST_CASE(on_another_rank_count) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = "c.toml --set engine.precision=64 ";
  trained(scratch, common + "--run-dir whole", 0);
  trained(scratch, common + "--set train.max_steps=20 --run-dir cut", 0);
  trained(scratch, common + "--set data.batch_size=8 --run-dir on --resume cut", 3);
  const auto expected = losses(scratch, "whole"), found = losses(scratch, "on");
  BOOST_TEST(found.size() == 12U);
  for (const auto& [step, loss] : found) BOOST_TEST(std::abs(loss - expected.at(step)) < 1e-10);
  BOOST_TEST(losses(scratch, "cut").size() == 20U);  // another run directory: the first is left as it was
}

/// A signal to one rank stops all of them after the same step.
BOOST_AUTO_TEST_CASE(after_a_signal) {
  for (const int ranks : {0, 3}) {
    const Scratch scratch;
    const std::string common = ranks ? " --set data.batch_size=8" : "";
    scratch.write("c.toml", faulty_config(0, "never"));
    scratch.write("s.toml", faulty_config(ranks ? 1 : 0, "signal"));
    trained(scratch, "c.toml --run-dir whole" + common, ranks);
    const auto stopped = trained(scratch, "s.toml --run-dir r" + common, ranks, 75);
    BOOST_TEST(stopped.count("interrupted") == 1, stopped.output);
    BOOST_TEST(stopped.says("in epoch 2 after step 22; the state is saved, go on with --resume"), stopped.output);
    BOOST_TEST(status_of(scratch.path() / "r") == "interrupted");
    trained(scratch, "c.toml --run-dir r --resume auto" + common, ranks);
    BOOST_TEST((losses(scratch, "r") == losses(scratch, "whole")));
    BOOST_TEST(status_of(scratch.path() / "r") == "finished");
  }
}

/// At the last step of an epoch, what comes after the epoch is done when the run goes on.
BOOST_AUTO_TEST_CASE(at_the_end_of_an_epoch) {
  const Scratch scratch;
  auto text = faulty_config(0, "signal");
  text.replace(text.find("step = 20"), 9, "step = 30");  // asked with step 31, agreed after the last, 32
  scratch.write("s.toml", text);
  scratch.write("c.toml", faulty_config(0, "never"));
  trained(scratch, "c.toml --run-dir whole", 0);
  trained(scratch, "s.toml --run-dir r", 0, 75);
  BOOST_TEST(journal(scratch.path() / "r", "val_loss").size() == 1U);
  trained(scratch, "c.toml --run-dir r --resume auto", 0);
  BOOST_TEST((journal(scratch.path() / "r", "val_loss") == journal(scratch.path() / "whole", "val_loss")));
  BOOST_TEST(journal(scratch.path() / "r", "test_loss").size() == 1U);
}

/// mpirun passes SIGUSR1 on to every rank.
BOOST_AUTO_TEST_CASE(a_signal_to_mpirun) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto result = shell(scratch.path(), std::string("mpirun --oversubscribe -n 2 ") + DLHOST +
                                                " c.toml --run-dir r --set train.num_epochs=100000 & pid=$!; "
                                                "until [ -e r/checkpoints/last ]; do sleep 0.1; done; "
                                                "kill -USR1 $pid; wait $pid; echo code $?");
  BOOST_TEST(result.says("code 75"), result.output);
  BOOST_TEST(result.count("interrupted by SIGUSR1") == 1, result.output);
  BOOST_TEST(status_of(scratch.path() / "r") == "interrupted");
}

BOOST_AUTO_TEST_CASE(auto_skips_what_is_damaged) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  trained(scratch, "c.toml --set checkpoint.monitor=val_loss --set checkpoint.save_top_k=9 --run-dir r", 0);
  std::ofstream(scratch.path() / "r/checkpoints/step-00000032/model.safetensors", std::ios::app) << "x";
  const auto result = trained(scratch, "c.toml --run-dir r --resume auto", 0);
  BOOST_TEST(result.says("--resume auto: skipped"), result.output);
  BOOST_TEST(result.says("step-00000032"), result.output);
  BOOST_TEST(result.says("epoch 2, step 16"), result.output);
  BOOST_TEST(fs::exists(scratch.path() / "r/checkpoints/step-00000032-2/manifest.json"));
  const auto fresh = trained(scratch, "c.toml --run-dir new --resume auto --set train.num_epochs=1", 0);
  BOOST_TEST(fresh.says("no checkpoint to go on from"), fresh.output);
}

/// A checkpoint that a validation saved holds nothing of the epoch that was over: the next epoch's means are its own.
BOOST_AUTO_TEST_CASE(means_of_an_epoch) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto epoch_2 = [](const std::string& output) {
    const auto at = output.find("epoch 2/2  train_loss");
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, output);
    return output.substr(at, output.find("val_loss", at) - at);
  };
  const auto whole = trained(scratch, "c.toml --run-dir whole --set checkpoint.monitor=val_loss", 0);
  trained(scratch, "c.toml --run-dir cut --set checkpoint.monitor=val_loss --set train.num_epochs=1", 0);
  const auto resumed = trained(scratch, "c.toml --resume cut --set checkpoint.monitor=val_loss", 0);
  BOOST_TEST(epoch_2(resumed.output) == epoch_2(whole.output));
}

/// What three ranks have done of a limited epoch is more than all of it is on one: the epoch is over.
BOOST_AUTO_TEST_CASE(a_limit_in_batches_on_fewer_ranks) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = "c.toml --run-dir r --set train.limit_train_batches=5 --set train.num_epochs=1";
  trained(scratch, common + " --set train.max_steps=4", 3);
  trained(scratch, common + " --resume auto", 0);
  BOOST_TEST(status_of(scratch.path() / "r") == "finished");
  std::ifstream file(scratch.path() / "r/run.json");
  BOOST_TEST(nlohmann::json::parse(file)["epochs"] == 1);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  trained(scratch, "c.toml --run-dir averaged --set train.max_steps=3 --set train.ema.decay=0.9", 0);
  const auto plain = trained(scratch, "c.toml --resume averaged", 0, 2);
  BOOST_TEST(plain.says("is of a run with an average of its weights"), plain.output);
  trained(scratch, "c.toml --run-dir r --set train.max_steps=3", 0);
  const auto narrow = trained(scratch, "c.toml --resume r --set model.network.params.num_classes=3", 0, 2);
  BOOST_TEST(narrow.says("other shape: fc2.weight is [4, 64] in the file, [3, 64] in the network"), narrow.output);
  const auto missing = trained(scratch, "c.toml --resume nowhere", 0, 2);
  BOOST_TEST(missing.says("there is no checkpoint nowhere"), missing.output);
}

BOOST_AUTO_TEST_SUITE_END()
