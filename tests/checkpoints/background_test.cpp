// [checkpoint] background: written from a copy, beside the training.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "run_files/small_disk.h"
#include "run_files/throws.h"
#include "small_run.h"
#include "support/temporary_folder.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

CheckpointSettings background(int64_t snapshot_mb = 100) {
  CheckpointSettings settings;
  settings.background = Value(true);
  settings.snapshot_mb = snapshot_mb;
  return settings;
}

void wait_until_written(const Checkpoints& checkpoints) {
  for (int i = 0; i < 5000 && checkpoints.writing(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  BOOST_TEST_REQUIRE(!checkpoints.writing());
}

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_background)

BOOST_AUTO_TEST_CASE(the_state_of_that_step_byte_for_byte) {
  const TemporaryFolder folder;
  SmallRun run(background());
  const auto checkpoints = run.checkpoints(folder / "b");
  for (const int64_t step : {1, 2}) {  // the second into the same memory
    run.set(static_cast<double>(step));
    auto state = run.at_step(step);
    checkpoints->save(state, false);
    run.set(99);
    wait_until_written(*checkpoints);
    checkpoints->commit();
    CheckpointSettings waits;
    waits.background = Value(false);
    SmallRun other(waits);
    other.set(static_cast<double>(step));
    auto same = other.at_step(step);
    other.checkpoints(folder / "s")->save(same, true);
    for (const char* file : {"model.safetensors", "optimizer.main.safetensors", "config.toml"})
      BOOST_TEST(read_text(folder / "b" / "last" / file) == read_text(folder / "s" / "last" / file), file);
    verify_checkpoint(folder / "b" / "last");
  }
  BOOST_TEST(!fs::exists(folder / "b" / "step-00000001"));  // it is not the newest
}

BOOST_AUTO_TEST_CASE(has_its_name_when_all_agreed) {
  const TemporaryFolder folder;
  SmallRun run(background());
  const auto checkpoints = run.checkpoints(folder.path());
  auto state = run.at_step(1);
  BOOST_TEST(!checkpoints->writing());
  checkpoints->commit();  // nothing to do
  BOOST_TEST(checkpoints->save(state, false) == "step-00000001");
  wait_until_written(*checkpoints);
  BOOST_TEST(list_checkpoints(folder.path()).empty());
  BOOST_TEST(!fs::is_symlink(folder / "last"));
  checkpoints->commit();
  BOOST_TEST(fs::read_symlink(folder / "last") == "step-00000001");
  checkpoints->save(state, true);  // that step is saved
  BOOST_TEST(list_checkpoints(folder.path()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_next_one_waits_and_the_last_is_waited_for) {
  const TemporaryFolder folder;
  SmallRun run(background());
  const auto checkpoints = run.checkpoints(folder.path());
  for (const int64_t step : {1, 2, 3}) {
    auto state = run.at_step(step);
    checkpoints->save(state, false);
  }
  checkpoints->finish();
  BOOST_TEST(fs::read_symlink(folder / "last") == "step-00000003");
  BOOST_TEST(entries(folder.path()) == 2U);
}

/// As when the training throws: what was saved before is not lost.
BOOST_AUTO_TEST_CASE(finished_when_the_run_ends) {
  const TemporaryFolder folder;
  SmallRun run(background());
  auto state = run.at_step(1);
  run.checkpoints(folder.path())->save(state, false);
  verify_checkpoint(folder / "last");
}

BOOST_AUTO_TEST_CASE(too_large_for_memory) {
  const TemporaryFolder folder;
  SmallRun run(background(0));
  const auto checkpoints = run.checkpoints(folder.path());
  for (const int64_t step : {1, 2}) {
    auto state = run.at_step(step);
    checkpoints->save(state, false);
    BOOST_TEST(!checkpoints->writing());
    BOOST_TEST(fs::exists(folder / ("step-0000000" + std::to_string(step))));
  }
  const auto said = run.said();
  const auto first = said.find("snapshot_mb = 0");
  BOOST_TEST(first != std::string::npos, said);
  BOOST_TEST(said.find("snapshot_mb", first + 1) == std::string::npos, said);  // once
}

/// The checkpoint before stays whole, nothing half-made stays, and the error comes with the next commit.
BOOST_AUTO_TEST_CASE(a_full_disk) {
  for (const bool behind : {true, false}) {
    const TemporaryFolder folder;
    auto settings = background();
    settings.background = Value(behind);
    SmallRun run(settings);
    const auto checkpoints = run.checkpoints(folder.path());
    auto state = run.at_step(1);
    checkpoints->save(state, true);
    state.at.step = 2;
    const FileSizeLimit limit(200);
    const auto save = [&] {
      checkpoints->save(state, false);
      if (behind) wait_until_written(*checkpoints);
      checkpoints->commit();
    };
    check_error(save, {"cannot write", ".tmp-step-00000002", "model.safetensors"});
    BOOST_TEST(fs::read_symlink(folder / "last") == "step-00000001");
    verify_checkpoint(folder / "last");
    BOOST_TEST(entries(folder.path()) == 2U);
  }
  const SmallDisk disk(64 << 10);
  if (!disk.works()) return;
  SmallRun run(background());
  const auto checkpoints = run.checkpoints(disk.path());
  auto state = run.at_step(1);
  checkpoints->save(state, true);
  write_text(disk / "filler", std::string(8 << 10, 'x'));
  for (int i = 0; i < 8; ++i) try {
      fs::copy_file(disk / "filler", disk / ("filler" + std::to_string(i)));
    } catch (const fs::filesystem_error&) {
      break;  // full
    }
  state.at.step = 2;
  const auto save = [&] {
    checkpoints->save(state, false);
    wait_until_written(*checkpoints);
    checkpoints->commit();
  };
  check_error(save, {"No space left on device", "make room there"});
  verify_checkpoint(disk / "last");
}

BOOST_AUTO_TEST_SUITE_END()
