#include "core/checkpoints.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>

#include <boost/test/unit_test.hpp>

#include "core/checkpoint_folder.h"
#include "core/checkpoint_load.h"
#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "core/safetensors.h"
#include "run_files/throws.h"
#include "small_run.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

std::string names(const fs::path& folder) {
  std::string text;
  for (const auto& checkpoint : list_checkpoints(folder)) text += checkpoint.filename().string() + " ";
  return text;
}

CheckpointSettings best_of(int64_t count, const std::string& form = "") {
  CheckpointSettings settings;
  settings.monitor = "val_loss";
  settings.save_top_k = count;
  settings.filename = form;
  return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(names_of_the_wanted_form) {
  const TemporaryFolder folder;
  SmallRun run(best_of(9, "{epoch:02d}-{step}-{val_loss:.3f}"));
  const auto checkpoints = run.checkpoints(folder.path());
  auto state = run.at_step(4);
  checkpoints->after_validation(state, {{"val_loss", 0.25}});
  state.at.step = 8;  // an epoch is over: the last step belongs to the one before
  state.at.epoch = 3;
  state.samples_done = 0;
  checkpoints->after_validation(state, {{"val_loss", 0.125}});
  checkpoints->finish();
  BOOST_TEST(names(folder.path()) == "epoch=00-step=4-val_loss=0.250 epoch=02-step=8-val_loss=0.125 ");
  BOOST_TEST(fs::read_symlink(folder / "best") == "epoch=02-step=8-val_loss=0.125");
  BOOST_TEST(checkpoints->form().metrics() == std::vector<std::string>{"val_loss"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken) {
  const TemporaryFolder folder;
  CheckpointSettings settings;
  settings.filename = "newest";
  SmallRun run(settings);
  const auto checkpoints = run.checkpoints(folder.path());
  auto state = run.at_step(1);
  BOOST_TEST(checkpoints->save(state, true) == "newest");
  state.at.step = 2;
  BOOST_TEST(checkpoints->save(state, true) == "newest-2");
  BOOST_TEST(names(folder.path()) == "newest-2 ");
  state.at.step = 3;
  BOOST_TEST(checkpoints->save(state, true) == "newest");
}

/// What another run, or the user, has put there stays, whatever its name.
BOOST_AUTO_TEST_CASE(removes_its_own_alone) {
  const TemporaryFolder folder;
  auto foreign = CheckpointFolder::begin(folder.path(), "step-00000001");
  write_text(foreign.path() / "state.json", "{}");
  foreign.commit();
  fs::create_directory(folder / "notes");
  SmallRun run;
  const auto checkpoints = run.checkpoints(folder.path());
  for (const int64_t step : {1, 2, 3}) {
    auto state = run.at_step(step);
    checkpoints->save(state, true);
  }
  BOOST_TEST(names(folder.path()) == "step-00000001 step-00000003 ");
  BOOST_TEST(fs::exists(folder / "notes"));
}

/// Those that were removed by hand are no best ones any more, and names that lead elsewhere never were.
BOOST_AUTO_TEST_CASE(goes_on_with_the_best_that_are_there) {
  const TemporaryFolder folder, other;
  SmallRun run(best_of(3));
  auto state = run.at_step(0);
  {
    const auto checkpoints = run.checkpoints(folder.path());
    for (const int64_t step : {1, 2, 3}) {
      state.at.step = step;
      checkpoints->after_validation(state, {{"val_loss", 1.0 / static_cast<double>(step)}});
    }
  }
  fs::remove_all(folder / "step-00000002");
  fs::create_directory(folder / ".tmp-step-00000009-1");
  auto elsewhere = CheckpointFolder::begin(other.path(), "x");
  elsewhere.commit();
  state.best.push_back({{"checkpoint", "../" + other.path().filename().string() + "/x"}, {"value", 9.0}});
  const auto checkpoints = run.checkpoints(folder.path());
  checkpoints->go_on(state, folder / "step-00000003");
  BOOST_TEST(state.best.size() == 2U);
  BOOST_TEST(!fs::exists(folder / ".tmp-step-00000009-1"));
  for (const int64_t step : {4, 5, 6}) {
    state.at.step = step;
    checkpoints->after_validation(state, {{"val_loss", 1.0 / static_cast<double>(step)}});
  }
  checkpoints->finish();
  BOOST_TEST(names(folder.path()) == "step-00000004 step-00000005 step-00000006 ");
  BOOST_TEST(fs::exists(other / "x"));
}

BOOST_AUTO_TEST_CASE(another_version_of_a_plugin) {
  const TemporaryFolder folder;
  SmallRun run;
  auto state = run.at_step(1);
  run.checkpoints(folder.path())->save(state, true);
  run.set(5);
  const auto checkpoint = folder / "step-00000001";
  check_error(
      [&] {
        load_checkpoint(checkpoint, run.objects, nullptr, {{"vision", "2.0"}, {"torch", "1.0"}});
      },
      {checkpoint, "plugin vision: 1.0 wrote it, this is 2.0", "--init-from"});
  BOOST_TEST(run.objects.networks["main"]->parameters()[0].flatten()[0].item<double>() == 5);  // nothing was read
  BOOST_TEST(load_checkpoint(checkpoint, run.objects, nullptr, {{"vision", "1.0"}, {"mine", "1"}}).at.step == 1);
  BOOST_TEST(run.objects.networks["main"]->parameters()[0].flatten()[0].item<double>() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
