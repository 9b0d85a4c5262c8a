// A disk that fills up while ranks write their shards of a checkpoint.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "core/checkpoint_manifest.h"
#include "core/checkpoint_search.h"
#include "program.h"
#include "run_files/small_disk.h"

using namespace end_to_end;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(disk_full)

/// Whichever rank finds no room ends the run with the file's name; the checkpoint before stays whole, and is gone on
/// with once there is room.
BOOST_AUTO_TEST_CASE(of_ranks_that_write_apart) {
  const SmallDisk disk(8 << 20);
  if (!disk.works()) return;
  const Scratch scratch;
  scratch.write("c.toml", small_config());
  const auto run_dir = (disk / "r").string();
  for (const std::string background : {"true", "false"}) {
    const auto train = [&](int steps) {
      return dlhost(scratch.path(),
                    "c.toml --set train.num_epochs=9 --set checkpoint.every_n_steps=5 --set checkpoint.sharded=true "
                    "--set 'model.optimizer={ type = \"torch.AdamW\" }' --set checkpoint.background=" +
                        background + " --set train.max_steps=" + std::to_string(steps) + " --run-dir " + run_dir +
                        " --resume auto",
                    2);
    };
    const auto first = train(7);
    BOOST_REQUIRE_MESSAGE(first.code == 0, first.output);
    const auto space = fs::space(disk.path());
    uint64_t checkpoint = 0;
    for (const auto& file : fs::directory_iterator(disk / "r/checkpoints/last")) checkpoint += file.file_size();
    BOOST_REQUIRE(space.available > checkpoint);
    write_text(disk / "filler", std::string(space.available - checkpoint / 2, 'x'));

    const auto full = train(12);
    BOOST_TEST(full.code == 1);
    BOOST_TEST(full.says("-of-00002.safetensors: No space left on device; make room there"), full.output);
    BOOST_TEST(full.count("error: rank ") == 1, full.output);
    BOOST_TEST(fs::read_symlink(disk / "r/checkpoints/last") == "step-00000007");
    dl::host::verify_checkpoint(disk / "r/checkpoints/last");

    fs::remove(disk / "filler");
    const auto after = train(12);
    BOOST_REQUIRE_MESSAGE(after.code == 0, after.output);
    BOOST_TEST(after.says("checkpoints/step-00000007: "), after.output);
    BOOST_TEST(dl::host::list_checkpoints(disk / "r/checkpoints").size() == 1U);
    fs::remove_all(disk / "r");
  }
}

BOOST_AUTO_TEST_SUITE_END()
