// [checkpoint] and [train] init_from, and what `dlhost export` makes of a checkpoint.
#include <ATen/ops/ones.h>
#include <torch/csrc/jit/serialization/import.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "program.h"

using namespace end_to_end;
namespace fs = std::filesystem;

namespace {

Result run(const Scratch& scratch, const std::string& arguments, int ranks = 0, int code = 0) {
  const auto result = dlhost(scratch.path(), arguments, ranks);
  BOOST_REQUIRE_MESSAGE(result.code == code, arguments << " ended with " << result.code << "\n" << result.output);
  return result;
}

std::string names(const fs::path& run) {
  std::string text;
  for (const auto& checkpoint : dl::host::list_checkpoints(run / "checkpoints"))
    text += checkpoint.filename().string() + " ";
  return text;
}

constexpr const char* kBackground = " --set checkpoint.background=true --set checkpoint.every_n_steps=2 ";

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint)

/// Written beside the training: the same losses, the same checkpoints, one rank or two, with the best kept too.
BOOST_AUTO_TEST_CASE(in_the_background) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  for (const int ranks : {0, 2}) {
    const auto at = [&](const char* name) { return name + std::to_string(ranks); };
    const std::string common =
        std::string(
            "c.toml --set checkpoint.monitor=val_loss --set checkpoint.save_top_k=2 --set train.ema.decay=0.9") +
        (ranks ? " --set data.batch_size=12" : "");
    run(scratch, common + " --set checkpoint.background=false --run-dir " + at("front"), ranks);
    run(scratch, common + kBackground + " --run-dir " + at("back"), ranks);
    run(scratch, common + kBackground + " --set checkpoint.sharded=true --run-dir " + at("sharded"), ranks);
    const auto front = scratch.path() / at("front"), back = scratch.path() / at("back");
    for (const auto& other : {back, scratch.path() / at("sharded")}) {
      for (const char* metric : {"train_loss", "val_loss", "test_loss"})
        BOOST_TEST((journal(front, metric) == journal(other, metric)), metric);
      BOOST_TEST(names(front) == names(other));
      for (const auto& checkpoint : dl::host::list_checkpoints(other / "checkpoints"))
        BOOST_CHECK_NO_THROW(dl::host::verify_checkpoint(checkpoint));
    }
    for (const char* link : {"last", "best"})
      for (const char* file : {"model.safetensors", "optimizer.main.safetensors", "weight_average.buffers.safetensors"})
        if (fs::exists(front / "checkpoints" / link / file))
          BOOST_TEST(read_text(front / "checkpoints" / link / file) == read_text(back / "checkpoints" / link / file));
  }
}

/// "auto": not where the backend cuts what rank 0 would have to hold.
BOOST_AUTO_TEST_CASE(when_it_is_in_the_background) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common =
      "c.toml --set train.max_steps=2 --set checkpoint.every_n_steps=1 --set checkpoint.snapshot_mb=0";
  const auto copies = [&](const std::string& more) {
    return run(scratch, common + more).says("more than [checkpoint] snapshot_mb = 0 allows");
  };
  BOOST_TEST(copies(""));
  BOOST_TEST(!copies(" --set checkpoint.background=false"));
  BOOST_TEST(!copies(" --set engine.backend=deepspeed_stage_1"));
  BOOST_TEST(copies(" --set engine.backend=deepspeed_stage_1 --set checkpoint.background=true"));
  BOOST_TEST(run(scratch, common + " --set checkpoint.background=maybe", 0, 2)
                 .says("\"background\": expected true, false or \"auto\", found \"maybe\""));
}

/// One file from all shards; a shard that is gone is named, before anything is overwritten.
BOOST_AUTO_TEST_CASE(each_rank_writes_its_rows) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = "c.toml --set train.max_steps=4 --set data.batch_size=8 ";
  run(scratch, common + "--run-dir whole", 3);
  run(scratch, common + "--set checkpoint.sharded=true --run-dir r", 3);
  for (const char* name : {"whole", "r"})
    run(scratch, std::string("export ") + name + " --out " + name + ".safetensors");
  BOOST_TEST(read_text(scratch / "r.safetensors") == read_text(scratch / "whole.safetensors"));
  const auto last = fs::canonical(scratch / "r/checkpoints/last");
  BOOST_TEST(!fs::exists(last / "model.safetensors"));
  BOOST_TEST(dlhost(scratch.path(), "test r", 2).output == dlhost(scratch.path(), "test whole", 2).output);

  fs::rename(last / "model-00002-of-00003.safetensors", scratch / "shard");
  for (const int ranks : {0, 2}) {
    const auto gone = run(scratch, "c.toml --resume r --run-dir r", ranks, 2);
    BOOST_TEST(gone.says("model-00002-of-00003.safetensors is missing"), gone.output);
  }
  BOOST_TEST(journal(scratch / "r", "train_loss").size() == 4U);
  fs::rename(scratch / "shard", last / "model-00002-of-00003.safetensors");
  run(scratch, "c.toml --resume r --run-dir r --set train.max_steps=6");
  BOOST_TEST(journal(scratch / "r", "train_loss").size() == 6U);
}

/// With the computation, from a run on several ranks of ZeRO; what it gives is compared in tests/weights.
BOOST_AUTO_TEST_CASE(a_torchscript_file) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  run(scratch, "c.toml --set train.max_steps=2 --set engine.backend=deepspeed_stage_3 --run-dir r", 2);
  const auto said = run(scratch, "export r --format torchscript");
  BOOST_TEST(said.says("model.torchscript: "), said.output);
  auto network = torch::jit::load(scratch / "model.torchscript");
  BOOST_TEST(network.forward({at::ones({3, 1, 8, 8})}).toTensor().sizes() == at::IntArrayRef({3, 4}));
  const auto one = run(scratch,
                       "export r --format torchscript --out one --set data.module.params.train_size=1 --set "
                       "data.module.params.validation_size=0 --set data.module.params.test_size=0",
                       0, 2);
  BOOST_TEST(one.says("the data has fewer than two samples"), one.output);
  BOOST_TEST(!fs::exists(scratch / "one"));
  scratch.write("gan.toml", gan_config());
  run(scratch, "gan.toml --set train.max_steps=2 --run-dir g");
  for (const char* name : {"generator", "discriminator"})
    run(scratch, std::string("export g --format torchscript --network ") + name);
  // Where the run's communicator is not to be had.
  run(scratch, "export r --format torchscript --out there --set engine.communicator=elsewhere.Communicator");
}

/// A run that keeps nothing leaves a folder that happens to be called "checkpoints" alone.
BOOST_AUTO_TEST_CASE(a_trial_run_from_a_checkpoint_that_is_in_no_run) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  run(scratch, "c.toml --set train.max_steps=2 --run-dir r");
  fs::copy(fs::canonical(scratch / "r/checkpoints/last"), scratch / "loose");
  fs::create_directories(scratch / "checkpoints/.tmp-mine-1");
  run(scratch, "c.toml --resume loose --set train.fast_dev_run=true");
  BOOST_TEST(fs::exists(scratch / "checkpoints/.tmp-mine-1"));
}

/// Weights of a file as a checkpoint, without training.
BOOST_AUTO_TEST_CASE(of_a_run_that_trains_nothing) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  run(scratch, "c.toml --set train.max_steps=2 --run-dir r");
  run(scratch, "export r");
  run(scratch, "c.toml --set train.num_epochs=0 --init-from model.safetensors --run-dir z");
  BOOST_TEST(read_text(scratch / "z/checkpoints/last/model.safetensors") ==
             read_text(scratch / "r/checkpoints/last/model.safetensors"));
}

/// The signal comes while checkpoints are written in the background: the newest state is saved, and gone on with.
BOOST_AUTO_TEST_CASE(a_signal_while_one_is_written) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = std::string("c.toml --set train.num_epochs=20 --set checkpoint.every_n_steps=1 ") +
                             "--set checkpoint.background=true --set train.val_every_n_epoch=0 ";
  run(scratch, common + "--run-dir whole");
  const auto stopped =
      shell(scratch.path(), std::string(DLHOST) + " " + common +
                                " --run-dir r & pid=$!; until [ -e r/checkpoints/last ]; do sleep 0.01; done; "
                                "kill -TERM $pid; wait $pid; echo code $?");
  BOOST_TEST(stopped.says("code 75"), stopped.output);
  const auto done = journal(scratch.path() / "r", "train_loss");
  std::ifstream file(scratch.path() / "r/checkpoints/last/state.json");
  BOOST_TEST(nlohmann::json::parse(file)["step"] == done.rbegin()->first);
  run(scratch, common + "--run-dir r --resume auto");
  BOOST_TEST((journal(scratch.path() / "r", "train_loss") == journal(scratch.path() / "whole", "train_loss")));
}

BOOST_AUTO_TEST_CASE(named_by_a_form) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string form =
      "c.toml --set checkpoint.monitor=val_loss --set checkpoint.save_top_k=9 --set 'checkpoint.filename=";
  run(scratch, form + "{epoch:02d}-{step}-{val_loss:.3f}' --run-dir r");
  const auto losses = journal(scratch.path() / "r", "val_loss");
  char expected[200];
  std::snprintf(expected, sizeof expected, "epoch=00-step=16-val_loss=%.3f epoch=01-step=32-val_loss=%.3f ",
                losses.at(16), losses.at(32));
  BOOST_TEST(names(scratch.path() / "r") == expected);
  // The newest is found by its state, whatever the order of names.
  fs::rename(scratch.path() / "r/checkpoints" / fs::read_symlink(scratch.path() / "r/checkpoints/last"),
             scratch.path() / "r/checkpoints/a");
  const auto on = run(scratch, form + "{epoch}' --set train.num_epochs=3 --run-dir r --resume auto");
  BOOST_TEST(on.says("checkpoints/a: epoch 3, step 32"), on.output);
  BOOST_TEST(
      run(scratch, form + "{val_f1}' --run-dir f", 0, 2).says("[checkpoint] filename: there is no metric \"val_f1\""));
  BOOST_TEST(
      run(scratch, form + "{epoch:02x}' --run-dir n", 0, 2).says("\"filename\": {epoch:02x} is not of the form"));
  BOOST_TEST(!fs::exists(scratch.path() / "n"));
}

/// What --resume auto passes over, each with the reason; and the runs of that name, not of others.
BOOST_AUTO_TEST_CASE(auto_says_what_it_skips) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const std::string common = "c.toml --set run.name=net --set train.num_epochs=1 ";
  run(scratch, common);
  run(scratch, "c.toml --set run.name=my-net --set train.num_epochs=1");
  std::vector<fs::path> runs(fs::directory_iterator(scratch.path() / "runs/default"), fs::directory_iterator{});
  BOOST_TEST_REQUIRE(runs.size() == 2U);
  const auto first = runs[0].filename().string().ends_with("-my-net") ? runs[1] : runs[0];
  // As when two runs begin in one second.
  const auto second = fs::path(first.string() + "-2");
  fs::copy(first, second, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::create_directory(second / "checkpoints/.tmp-step-00000099-1");
  fs::create_directory(second / "checkpoints/half");
  const auto on = run(scratch, "c.toml --set run.name=net --set train.num_epochs=2 --resume auto");
  BOOST_TEST(on.says("resumed from " + (second / "checkpoints/step-00000016").string()), on.output);
  BOOST_TEST(on.says("--resume auto: skipped " + (second / "checkpoints/.tmp-step-00000099-1").string() +
                     ": it was being written or removed when its process ended"),
             on.output);
  BOOST_TEST(on.says((second / "checkpoints/half").string() + ": it has no manifest.json"), on.output);
  BOOST_TEST(!fs::exists(second / "checkpoints/.tmp-step-00000099-1"));
  BOOST_TEST(fs::exists(second / "checkpoints/half"));
}

/// An error before anything is written: the run's files stay as they are.
BOOST_AUTO_TEST_CASE(a_damaged_or_other_checkpoint_changes_nothing) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  run(scratch, "c.toml --run-dir r --set train.num_epochs=1");
  const auto last = fs::canonical(scratch.path() / "r/checkpoints/last");
  const auto model = read_text(last / "model.safetensors"), state = read_text(last / "state.json");
  const auto before = read_text(scratch.path() / "r/run.json") + read_text(scratch.path() / "r/config.toml");
  const auto refused = [&](const std::string& arguments, const std::string& part) {
    const auto result = run(scratch, arguments, 0, 2);
    BOOST_TEST(result.says(part), result.output);
    BOOST_TEST(read_text(scratch.path() / "r/run.json") + read_text(scratch.path() / "r/config.toml") == before);
  };
  refused("c.toml --resume r --set model.network.params.num_classes=3", "other shape: fc2.weight");
  auto flipped = model;
  flipped[flipped.size() - 3] ^= 1;
  write_text(last / "model.safetensors", flipped);
  refused("c.toml --resume r", "model.safetensors was changed");
  refused("test r", "model.safetensors was changed");
  refused("export r --out x.pt", "model.safetensors was changed");
  fs::remove(last / "model.safetensors");
  refused("c.toml --resume r", "model.safetensors is missing");
  write_text(last / "model.safetensors", model);

  // Written with another version of a plugin; its manifest agrees.
  auto json = nlohmann::ordered_json::parse(state);
  BOOST_TEST_REQUIRE(json["plugins"].contains("vision"));
  json["plugins"]["vision"] = "0.0.1";
  write_text(last / "state.json", json.dump());
  dl::host::CheckpointManifest::of(last).write(last);
  refused("c.toml --resume r", "plugin vision: 0.0.1 wrote it, this is ");
  run(scratch, "test r");  // its weights alone are those of the network
}

BOOST_AUTO_TEST_CASE(exported_and_begun_with) {
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  run(scratch, "c.toml --run-dir r");
  run(scratch, "export r --out x.pt");
  BOOST_TEST(run(scratch, "export r").says("model.safetensors: 8 tensors of the network main"));
  const auto tested = run(scratch, "test r").output;
  for (const char* file : {"x.pt", "model.safetensors"})
    for (const int ranks : {0, 2}) {
      const auto dir = std::string(file) + std::to_string(ranks);
      const auto result = run(scratch,
                              std::string("c.toml --init-from ") + file +
                                  " --set train.max_steps=1 --set model.optimizer.params={lr=1e-30} --run-dir " + dir,
                              ranks);
      BOOST_TEST(result.count("network main begins with 8 tensors of " + (scratch.path() / file).string()) == 1,
                 result.output);
      BOOST_TEST(run(scratch, "test " + dir).output == tested);
    }
  // What a run was begun with stands in its config; a run that is gone on with does not look at it.
  BOOST_TEST(read_text(scratch.path() / "x.pt0/config.toml").find((scratch.path() / "x.pt").string()) !=
             std::string::npos);
  const auto on = run(scratch, "c.toml --init-from x.pt --run-dir r --resume auto --set train.num_epochs=3");
  BOOST_TEST(!on.says("begins with"), on.output);
  const auto narrow =
      run(scratch, "c.toml --init-from x.pt --set model.network.params.num_classes=3 --run-dir n", 0, 2);
  BOOST_TEST(narrow.says("other shape: fc2.weight is [4, 64] in the file, [3, 64] in the network"), narrow.output);
  BOOST_TEST(narrow.says("--init-partial"), narrow.output);
  BOOST_TEST(!fs::exists(scratch.path() / "n"));
  const auto partial = run(scratch,
                           "c.toml --init-from x.pt --init-partial --set model.network.params.num_classes=3 "
                           "--set train.limit_train_batches=1 --run-dir p --set train.num_epochs=1 --set "
                           "data.module.params.num_classes=3");
  BOOST_TEST(partial.says("what does not fit was left out:\n  other shape: fc2.weight"), partial.output);
  BOOST_TEST(
      run(scratch, "c.toml --init-from none.pt", 0, 2).says("cannot open " + (scratch.path() / "none.pt").string()));
  BOOST_TEST(run(scratch, "check c.toml --init-from x.pt").says("network main begins with 8 tensors"));
  BOOST_TEST(run(scratch, "check c.toml --init-from x.pt --init-prefix a.", 0, 2).says("missing: conv1.weight"));
  fs::remove(scratch.path() / "x.pt");
  run(scratch, "test x.pt0");  // needs it no more
}

BOOST_AUTO_TEST_SUITE_END()
