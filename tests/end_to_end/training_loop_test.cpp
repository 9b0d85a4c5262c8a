// The keys of [train] and [checkpoint], as a user meets them.
#include <ATen/ops/equal.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "program.h"

using namespace end_to_end;
namespace fs = std::filesystem;

namespace {

struct Case {
  Case() { scratch.write("c.toml", small_config()); }
  Result run(const std::string& arguments, int code = 0, int ranks = 0) const {
    const auto result = dlhost(scratch.path(), "c.toml --run-dir r " + arguments, ranks);
    BOOST_REQUIRE_MESSAGE(result.code == code, arguments << " ended with " << result.code << "\n" << result.output);
    return result;
  }
  std::vector<long> steps(const std::string& metric) const {
    std::vector<long> steps;
    for (const auto& [step, value] : journal(path(), metric)) steps.push_back(step);
    return steps;
  }
  fs::path path() const { return scratch.path() / "r"; }
  nlohmann::json record() const {
    std::ifstream file(path() / "run.json");
    return nlohmann::json::parse(file);
  }
  Scratch scratch;
};

using Steps = std::vector<long>;

}  // namespace

BOOST_AUTO_TEST_SUITE(training_loop)

BOOST_AUTO_TEST_CASE(validation_between_epochs) {
  const Case by_step;
  by_step.run("--set train.val_every_n_step=6");
  BOOST_TEST((by_step.steps("val_loss") == Steps{6, 12, 16, 18, 24, 30, 32}));
  const Case by_fraction;
  by_fraction.run("--set train.val_every_fraction=0.5 --set train.val_every_n_epoch=0 --set train.limit_val_batches=1",
                  0, 2);
  BOOST_TEST((by_fraction.steps("val_loss") == Steps{4, 8, 12, 16}));
}

/// What is validated in between changes no loss.
BOOST_AUTO_TEST_CASE(validation_leaves_the_training_as_it_was) {
  const Case plain, often;
  plain.run("");
  often.run("--set train.val_every_n_step=1 --set checkpoint.every_n_steps=5");
  BOOST_TEST((journal(plain.path(), "train_loss") == journal(often.path(), "train_loss")));
}

/// Every 6 milliseconds comes after every step or so.
BOOST_AUTO_TEST_CASE(by_the_clock) {
  const Case it;
  it.run(
      "--set train.val_every_minutes=0.0001 --set train.val_every_n_epoch=0 --set checkpoint.every_minutes=0.0001 "
      "--set checkpoint.every_n_epochs=0 --set train.max_steps=25",
      0, 2);
  BOOST_TEST(it.steps("val_loss").size() >= 2U);
  BOOST_TEST(it.steps("val_loss").size() < 25U);
  BOOST_TEST(fs::exists(it.path() / "checkpoints/last/manifest.json"));
}

/// The last step of an epoch counts too.
BOOST_AUTO_TEST_CASE(checkpoints_by_steps) {
  const Case it;
  it.scratch.write("f.toml", faulty_config(0, "throw"));  // fails at step 20, after the only checkpoint, at 16
  const auto result = dlhost(it.scratch.path(),
                             "f.toml --run-dir r --set checkpoint.every_n_steps=16 --set checkpoint.every_n_epochs=0");
  BOOST_TEST(result.code == 1);
  BOOST_TEST(fs::canonical(it.path() / "checkpoints/last").filename() == "step-00000016");
}

/// The rate falls when val_loss does not get better by half, and a resumed run knows how often it did.
BOOST_AUTO_TEST_CASE(a_schedule_that_follows_a_metric) {
  const std::string set =
      "--set model.scheduler.type=torch.ReduceLROnPlateau --set 'model.scheduler.params={ factor = 0.1, patience = 0, "
      "threshold = 0.5 }' --set train.num_epochs=4 --set model.scheduler.call.monitor=val_loss";
  const Case whole, cut;
  whole.run(set);
  const auto rates = journal(whole.path(), "lr");
  BOOST_TEST(rates.at(16) == 0.05);
  BOOST_TEST(rates.at(64) < 0.04);
  cut.run(set + " --set train.num_epochs=2");
  BOOST_REQUIRE(dlhost(cut.scratch.path(), "c.toml --resume r " + set).code == 0);
  BOOST_TEST((journal(cut.path(), "lr") == rates));

  const Case without;
  const auto refused =
      without.run("--set model.scheduler.type=torch.ReduceLROnPlateau --set 'model.scheduler.params={}'", 2);
  BOOST_TEST(refused.says("follows a metric: name it, as call = { monitor = \"val_loss\" }"), refused.output);
}

BOOST_AUTO_TEST_CASE(deterministic) {
  const Scratch scratch;
  scratch.write("c.toml", faulty_config(0, "scatter"));
  const auto free = dlhost(scratch.path(), "c.toml --run-dir free");
  BOOST_TEST(free.code == 0, free.output);
  const auto strict = dlhost(scratch.path(), "c.toml --run-dir strict --set engine.deterministic=true");
  BOOST_TEST(strict.code == 1);
  BOOST_TEST(strict.says("does not have a deterministic implementation"), strict.output);
}

BOOST_AUTO_TEST_CASE(limits) {
  const Case count;
  count.run("--set train.limit_train_batches=5 --set train.limit_test_batches=0");
  BOOST_TEST(count.record()["steps"] == 10);
  BOOST_TEST(count.steps("test_loss").empty());
  const Case fraction;
  fraction.run("--set train.limit_train_batches=0.25 --set train.accumulator_factor=2");
  BOOST_TEST(fraction.record()["steps"] == 4);
  const Case time;
  const auto result = time.run("--set train.num_epochs=100000 --set train.max_time='\"00:00:01\"'");
  BOOST_TEST(result.says("max_time 00:00:01 is over"), result.output);
  BOOST_TEST(time.record()["status"] == "finished");
  BOOST_TEST(time.steps("test_loss").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_dev_run_leaves_nothing) {
  const Case it;
  const auto result = it.run("--set train.fast_dev_run=2 --set logger.type=csv.CSVLogger");
  BOOST_TEST(result.says(" 2 steps"), result.output);
  BOOST_TEST(result.says("val_loss"), result.output);
  BOOST_TEST(result.says("test_loss"), result.output);
  BOOST_TEST(!fs::exists(it.path()));
}

/// Two batches are learned by heart.
BOOST_AUTO_TEST_CASE(overfitting) {
  const Case it;
  it.run("--set train.overfit_batches=2 --set train.num_epochs=40");
  BOOST_TEST(it.record()["steps"] == 80);
  BOOST_TEST(journal(it.path(), "val_accuracy")[80] == 1.0);
}

BOOST_AUTO_TEST_CASE(early_stopping_and_the_best_weights) {
  const Case it;
  const auto result = it.run(
      "--set train.num_epochs=50 --set 'train.early_stopping={ monitor = \"val_loss\", patience = 2, min_delta = 0.5 "
      "}' "
      "--set checkpoint.monitor=val_accuracy --set checkpoint.mode=max --set checkpoint.save_top_k=2");
  BOOST_TEST(result.says("stopped early: val_loss has not improved on"), result.output);
  BOOST_TEST(it.record()["epochs"].get<int>() < 10);
  BOOST_TEST(result.says("(checkpoints/best)"), result.output);
  const auto accuracies = journal(it.path(), "val_accuracy");
  const auto best = std::max_element(accuracies.begin(), accuracies.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  char name[32];
  std::snprintf(name, sizeof name, "step-%08ld", best->first);
  BOOST_TEST(fs::canonical(it.path() / "checkpoints/best").filename() == name);
  // The best two, and the last where it is none of them.
  const auto kept = std::distance(fs::directory_iterator(it.path() / "checkpoints"), {}) - 2;
  BOOST_TEST((kept == 2 || kept == 3));
  const auto tested = dlhost(it.scratch.path(), "test r/checkpoints/best --json");
  BOOST_TEST(nlohmann::json::parse(tested.output)["test_loss"] == it.record()["metrics"]["test_loss"]);
}

BOOST_AUTO_TEST_CASE(a_monitor_that_nothing_logs_is_found_before_the_first_step) {
  for (const char* set :
       {"--set 'train.early_stopping={ monitor = \"val_los\" }'", "--set checkpoint.monitor=val_los"}) {
    const Case it;
    const auto result = it.run(set, 2);
    BOOST_TEST(result.says("there is no metric \"val_los\"; did you mean \"val_loss\"?"), result.output);
    BOOST_TEST(it.steps("train_loss").empty());
  }
  // What only training logs is known after the first epoch.
  const Case late;
  const auto result = late.run("--set checkpoint.monitor=train_los", 1);
  BOOST_TEST(result.says("there is no metric \"train_los\"; did you mean \"train_loss\"?"), result.output);
  const Case right;
  right.run("--set checkpoint.monitor=train_loss");
  BOOST_TEST(fs::exists(right.path() / "checkpoints/best"));
}

/// The averaged weights are validated, saved and tested.
BOOST_AUTO_TEST_CASE(averaged_weights) {
  for (const char* set : {"--set train.ema.decay=0.99",
                          "--set train.swa.start_epoch=0 --set train.swa.lr=0.01 --set checkpoint.monitor=val_loss"}) {
    const Case it, plain;
    it.run(set);
    plain.run("");
    BOOST_TEST(journal(it.path(), "test_loss")[32] != journal(plain.path(), "test_loss")[32]);
    const auto tested = dlhost(it.scratch.path(), "test r --json");
    BOOST_REQUIRE_MESSAGE(tested.code == 0, tested.output);
    BOOST_TEST(nlohmann::json::parse(tested.output)["test_loss"] == it.record()["metrics"]["test_loss"]);
  }
}

BOOST_AUTO_TEST_CASE(frozen_parameters_stay) {
  const auto weights = [](const char* epochs, const char* rules) {
    const Case it;
    it.run(std::string("--set train.num_epochs=") + epochs + " --set 'train.freeze=" + rules + "'", 0, 2);
    const dl::host::SafetensorsFile file(it.path() / "checkpoints/last/model.safetensors");
    return std::pair{file.read("conv1.weight"), file.read("fc2.weight")};
  };
  const auto one = weights("1", "[{ match = \"conv*\" }]"), two = weights("2", "[{ match = \"conv*\" }]");
  BOOST_TEST(at::equal(one.first, two.first));
  BOOST_TEST(!at::equal(one.second, two.second));
  const auto thawed = weights("2", "[{ match = \"conv*\", until_epoch = 1 }]");
  BOOST_TEST(!at::equal(one.first, thawed.first));
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_a_number) {
  const Scratch scratch;
  scratch.write("c.toml", faulty_config(1, "nan"));
  const auto stopped = dlhost(scratch.path(), "c.toml --run-dir r --set data.batch_size=8", 3);
  BOOST_TEST(stopped.code == 1);
  BOOST_TEST(stopped.seconds < time_limit(60));
  BOOST_TEST(stopped.says("rank 1: training, epoch 2, step 20: the loss of \"main\" is nan in micro-batch 0"),
             stopped.output);
  BOOST_TEST(stopped.count("error:") == 1, stopped.output);
  const auto skipped =
      dlhost(scratch.path(), "c.toml --run-dir s --set data.batch_size=8 --set train.nan_policy=skip", 3);
  BOOST_TEST(skipped.code == 0, skipped.output);
  BOOST_TEST(journal(scratch.path() / "s", "skipped_updates")[32] == 1);
  BOOST_TEST(std::isfinite(journal(scratch.path() / "s", "train_loss")[32]));
}

BOOST_AUTO_TEST_CASE(what_is_logged_beside_the_loss) {
  const Case it;
  it.run(
      "--set train.gradient_clip.norm=0.5 --set 'model.optimizer.groups=[{ match = \"*.bias\", weight_decay = 0.0, lr "
      "= 0.01 }]'");
  BOOST_TEST(journal(it.path(), "lr")[1] == 0.05);
  BOOST_TEST(journal(it.path(), "lr_group0")[1] == 0.01);
  BOOST_TEST(journal(it.path(), "grad_norm")[1] > 0);
  BOOST_TEST(journal(it.path(), "samples_per_second")[2] > 0);
  std::ifstream log(it.path() / "log.txt");
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  BOOST_TEST(text.find("Conv2d") != std::string::npos, text);
  BOOST_TEST(text.find("trainable parameters") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_trace) {
  const Case it;
  it.run("--set 'train.profile={ start_step = 3, num_steps = 2 }'");
  std::ifstream file(it.path() / "artifacts/trace.json");
  const auto trace = nlohmann::json::parse(file);
  int convolutions = 0;
  for (const auto& event : trace["traceEvents"])
    if (event.value("name", "") == "aten::convolution") ++convolutions;
  BOOST_TEST(convolutions == 4);  // two layers, two steps
}

BOOST_AUTO_TEST_CASE(refusals) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"--set 'train.gradient_clip={}'", "\"gradient_clip\": expected one of { norm = … } and { value = … }"},
      {"--set train.ema.decay=0.9 --set train.swa.start_epoch=1", "\"ema\" and \"swa\" are two averages"},
      {"--set train.swa.start_epoch=9", "start_epoch = 9 is not reached in num_epochs = 2"},
      {"--set train.limit_train_batches=1.5", "between 0.0 and 1.0), found 1.5"},
      {"--set 'model.optimizer.groups=[{ match = \"*.bais\", lr = 0.1 }]'", "fits no parameter"},
      {"--set 'model.optimizer.groups=[{ match = \"*.bias\", rl = 0.1 }]'", "unknown key \"rl\"; did you mean \"lr\"?"},
      {"--set 'train.freeze=[{ match = \"cnov1.weight\" }]'", "did you mean \"conv1.weight\"?"},
      {"--set 'model.scheduler.call={ monitor = \"val_loss\" }'", "follows no metric"}};
  for (const auto& [set, text] : cases) {
    const Case it;
    const auto result = it.run(set, 2);
    BOOST_TEST(result.says(text), result.output);
  }
}

BOOST_AUTO_TEST_SUITE_END()
