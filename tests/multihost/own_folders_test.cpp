// Hosts that share no file system: each has whole checkpoints of its own.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "hosts.h"

using namespace multihost;
using end_to_end::journal;
namespace fs = std::filesystem;

namespace {

/// A folder "own" that is another one on each host.
struct OwnFolders : end_to_end::Scratch {
  OwnFolders() {
    ::setenv("DL_OWN_FOLDER", (path() / "own").c_str(), 1);
    write("c.toml", config());
  }
  ~OwnFolders() { ::unsetenv("DL_OWN_FOLDER"); }
  fs::path on(int host) const { return path() / ("own.host" + std::to_string(host)); }
  fs::path checkpoints(int host) const { return on(host) / "r/checkpoints"; }

  end_to_end::Result train(const std::vector<int>& ranks_on, int steps, const std::string& more) const {
    int ranks = 0, hosts = 0, from = 0;
    for (size_t i = 0; i < ranks_on.size(); ++i) {
      ranks += ranks_on[i];
      hosts += ranks_on[i] > 0 ? 1 : 0;
      if (ranks_on[i] > 0 && from == 0) from = static_cast<int>(i) + 1;
    }
    return run(
        path(), ranks_on,
        "c.toml --set run.dir=own --set train.num_epochs=9 --set train.val_every_n_step=5 --set train.max_steps=" +
            std::to_string(steps) + " --set engine.num_nodes=" + std::to_string(hosts) +
            " --set checkpoint.monitor=val_loss --set checkpoint.save_top_k=9 --set data.batch_size=" +
            std::to_string(24 / ranks) + " " + more,
        from);
  }
};

std::string names(const fs::path& folder) {
  std::string text;
  for (const auto& checkpoint : dl::host::list_checkpoints(folder)) {
    dl::host::verify_checkpoint(checkpoint);
    text += checkpoint.filename().string() + " ";
  }
  return text;
}

void succeeds(const end_to_end::Result& result) { BOOST_REQUIRE_MESSAGE(result.code == 0, result.output); }

const std::string kStage3 =
    "--set engine.backend=deepspeed_stage_3 --set 'model.network={ type = \"vision.MLP\", params = { in_features = 64, "
    "width = 24, layers = 4, out_features = 4 } }' ";

}  // namespace

BOOST_AUTO_TEST_SUITE(own_folders)

BOOST_AUTO_TEST_CASE(each_host_goes_on_from_its_own) {
  for (const bool sharded : {false, true}) {
    const OwnFolders folders;
    const auto set = kStage3 + (sharded ? "--set checkpoint.sharded=true " : "");
    const std::string run = "--run-dir own/r ", on = run + "--resume auto ";
    succeeds(folders.train({2, 2}, 10, set + run));
    const std::string file = sharded ? "model-00002-of-00002.safetensors" : "model.safetensors";
    for (const int host : {1, 2}) {
      BOOST_TEST(names(folders.checkpoints(host)) == "step-00000005 step-00000010 ");
      BOOST_TEST(fs::exists(folders.checkpoints(host) / "last" / file));
      BOOST_TEST((read_text(folders.checkpoints(host) / "best" / file) ==
                  read_text(folders.checkpoints(3 - host) / "best" / file)));
    }
    BOOST_TEST(!fs::exists(folders.on(2) / "r/metrics.jsonl"));
    BOOST_TEST(nlohmann::json::parse(read_text(folders.on(2) / "r/run.json"))["status"] == "kept on host1");

    // A host that lost its newest: all go on from what all have.
    fs::remove_all(folders.checkpoints(2) / "step-00000010");
    const auto both = folders.train({2, 2}, 15, set + on);
    succeeds(both);
    BOOST_TEST(both.says("skipped "), both.output);
    BOOST_TEST(both.says("step-00000010: on host2: "), both.output);
    BOOST_TEST(both.says("checkpoints/step-00000005: epoch 1, step 5"), both.output);
    BOOST_TEST(names(folders.checkpoints(2)) == "step-00000005 step-00000010-2 step-00000015 ");
    // The other host alone, which never had the journal.
    const auto alone = folders.train({0, 2}, 20, set + on);
    succeeds(alone);
    BOOST_TEST(alone.says("checkpoints/step-00000015: epoch 1, step 15"), alone.output);

    succeeds(folders.train({4}, 20, set + "--run-dir whole"));
    const auto expected = journal(folders.path() / "whole", "train_loss");
    BOOST_REQUIRE(expected.size() == 20U);
    const auto first = journal(folders.on(1) / "r", "train_loss"), rest = journal(folders.on(2) / "r", "train_loss");
    BOOST_TEST(first.size() == 15U);
    BOOST_TEST(rest.size() == 5U);
    for (const auto& losses : {first, rest})
      for (const auto& [step, loss] : losses) BOOST_TEST(std::abs(loss - expected.at(step)) <= 1e-10);

    fs::remove_all(folders.checkpoints(2) / "step-00000015");
    const auto lost = folders.train({2, 2}, 25, set + "--run-dir own/x --resume own/r");
    BOOST_TEST(lost.code != 0);
    BOOST_TEST(lost.says("on host2: "), lost.output);
    BOOST_TEST(lost.says("own/r/checkpoints/step-00000015 is no whole checkpoint"), lost.output);
  }
}

/// Found by experiment and name, on a host that only had a part in it.
BOOST_AUTO_TEST_CASE(a_run_without_a_named_folder) {
  const OwnFolders folders;
  succeeds(folders.train({1, 1}, 5, ""));
  const auto alone = folders.train({0, 1}, 10, "--resume auto");
  succeeds(alone);
  BOOST_TEST(alone.says("checkpoints/step-00000005: epoch 1, step 5"), alone.output);
  const auto both = folders.train({1, 1}, 15, "--resume auto");
  succeeds(both);
  BOOST_TEST(both.says("checkpoints/step-00000005: epoch 1, step 5"), both.output);
}

BOOST_AUTO_TEST_SUITE_END()
