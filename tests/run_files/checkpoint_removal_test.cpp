#include "core/checkpoint_removal.h"

#include <boost/test/unit_test.hpp>

#include "core/checkpoint_folder.h"
#include "core/checkpoint_manifest.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

fs::path commit(const fs::path& parent, const std::string& name) {
  auto folder = CheckpointFolder::begin(parent, name);
  write_text(folder.path() / "state.json", "{}");
  fs::create_directory(folder.path() / "rank");
  write_text(folder.path() / "rank" / "0.json", "{}");
  return folder.commit();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_removal)

BOOST_AUTO_TEST_CASE(takes_all_of_it) {
  const TemporaryFolder run;
  const auto other = commit(run.path(), "step-2");
  BOOST_TEST(remove_checkpoint(commit(run.path(), "step-1")).empty());
  BOOST_TEST(!fs::exists(run / "step-1"));
  verify_checkpoint(other);
  BOOST_TEST(std::distance(fs::directory_iterator(run.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(leaves_what_is_not_ours) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  write_text(checkpoint / "rank" / "notes.txt", "mine");
  const auto kept = remove_checkpoint(checkpoint);
  BOOST_TEST(kept == std::vector<fs::path>{checkpoint / "rank" / "notes.txt"}, boost::test_tools::per_element());
  BOOST_TEST(read_text(checkpoint / "rank" / "notes.txt") == "mine");
  BOOST_TEST(!fs::exists(checkpoint / "manifest.json"));
  BOOST_TEST(!fs::exists(checkpoint / "state.json"));
  BOOST_TEST(!fs::exists(checkpoint / "rank" / "0.json"));
}

BOOST_AUTO_TEST_CASE(stopped_half_way_it_is_no_checkpoint_any_more) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  write_text(checkpoint / "notes.txt", "mine");
  // A folder in the place of a file stops it.
  write_text(checkpoint / "manifest.json", R"({"format": 1, "files": {"rank": {"bytes": 2, "xxh3": "0"}}})");
  check_error([&] { remove_checkpoint(checkpoint); }, {checkpoint / "rank"});
  check_error([&] { verify_checkpoint(checkpoint); }, {"no manifest.json"});
}

BOOST_AUTO_TEST_CASE(a_folder_without_manifest_stays) {
  const TemporaryFolder run;
  write_text(run / "precious", "x");
  check_error([&] { remove_checkpoint(run.path()); }, {run.path(), "no manifest.json"});
  check_error([&] { remove_checkpoint(run / "none"); }, {run / "none"});
  BOOST_TEST(read_text(run / "precious") == "x");
}

BOOST_AUTO_TEST_CASE(a_manifest_can_not_reach_outside) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  write_text(run / "precious", "x");
  write_text(checkpoint / "manifest.json", R"({"format": 1, "files": {"../precious": {"bytes": 1, "xxh3": "0"}}})");
  check_error([&] { remove_checkpoint(checkpoint); }, {"not inside"});

  // Nor through a link to a folder.
  fs::create_directory(run / "elsewhere");
  write_text(run / "elsewhere" / "precious", "x");
  fs::create_directory_symlink(run / "elsewhere", checkpoint / "way");
  write_text(checkpoint / "manifest.json", R"({"format": 1, "files": {"way/precious": {"bytes": 1, "xxh3": "0"}}})");
  check_error([&] { remove_checkpoint(checkpoint); }, {checkpoint / "way", "link to a folder"});
  BOOST_TEST(read_text(run / "precious") == "x");
  BOOST_TEST(read_text(run / "elsewhere" / "precious") == "x");
  BOOST_TEST(fs::exists(checkpoint / "state.json"));
}

BOOST_AUTO_TEST_CASE(last_never_loses_its_checkpoint) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  point_to(checkpoint, "last");
  check_error([&] { remove_checkpoint(checkpoint); }, {checkpoint, run / "last", "points to it"});
  check_error([&] { remove_checkpoint(run / "last"); }, {checkpoint, "points to it"});
  verify_checkpoint(run / "last");
  point_to(commit(run.path(), "step-2"), "last");
  remove_checkpoint(checkpoint);
  BOOST_TEST(!fs::exists(checkpoint));
}

BOOST_AUTO_TEST_SUITE_END()
