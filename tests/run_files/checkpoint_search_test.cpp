#include "core/checkpoint_search.h"

#include <boost/test/unit_test.hpp>

#include "core/checkpoint_folder.h"
#include "core/run_directory.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

fs::path commit(const fs::path& parent, const std::string& name) {
  auto folder = CheckpointFolder::begin(parent, name);
  write_text(folder.path() / "state.json", "{}");
  return folder.commit();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_search)

BOOST_AUTO_TEST_CASE(every_way_to_name_one) {
  const TemporaryFolder root;
  const auto run = RunDirectory::at(root / "run", false);
  const auto checkpoint = commit(run.checkpoints(), "step-1");
  point_to(checkpoint, "last");
  for (const auto& given : {checkpoint, run.checkpoints() / "last", run.checkpoints(), run.path(), checkpoint / "",
                            run.path() / "." / "checkpoints" / ".." / "checkpoints" / "step-1"})
    BOOST_TEST(resolve_checkpoint(given) == checkpoint, given.string());
  const auto before = fs::current_path();
  fs::current_path(run.checkpoints());
  BOOST_TEST(resolve_checkpoint("last") == checkpoint);
  fs::current_path(before);
}

BOOST_AUTO_TEST_CASE(errors_say_what_is_there) {
  const TemporaryFolder root;
  const auto run = RunDirectory::at(root / "run", false);
  check_error([&] { resolve_checkpoint(run.path()); }, {run.path(), "no checkpoint", "no whole checkpoint in"});
  commit(run.checkpoints(), "step-1");
  commit(run.checkpoints(), "step-2");
  check_error([&] { resolve_checkpoint(run.path()); }, {"checkpoints/last", "step-1, step-2"});
  check_error([&] { resolve_checkpoint(run.checkpoints()); }, {"step-1, step-2"});
  check_error([&] { resolve_checkpoint(run.checkpoints() / "step-11"); }, {"no checkpoint", "did you mean \"step-1\""});
  check_error([&] { resolve_checkpoint(run.checkpoints() / "step-1" / "state.json"); }, {"is a file"});
  check_error([&] { resolve_checkpoint(root.path()); }, {root.path(), "no manifest.json", "no run.json"});

  point_to(run.checkpoints() / "step-2", "last");
  fs::remove_all(run.checkpoints() / "step-2");
  check_error([&] { resolve_checkpoint(run.checkpoints() / "last"); }, {"points to step-2", "gone", "step-1"});
  check_error([&] { resolve_checkpoint(run.path()); }, {"step-1"});
}

BOOST_AUTO_TEST_CASE(the_list_has_whole_ones_only) {
  const TemporaryFolder root;
  const auto one = commit(root.path(), "step-1"), two = commit(root.path(), "step-2");
  point_to(two, "last");
  fs::create_directory(root / "half");
  const auto unfinished = CheckpointFolder::begin(root.path(), "step-3");
  BOOST_TEST(list_checkpoints(root.path()) == (std::vector<fs::path>{one, two}), boost::test_tools::per_element());
  BOOST_TEST(list_checkpoints(root / "none").empty());
}

BOOST_AUTO_TEST_SUITE_END()
