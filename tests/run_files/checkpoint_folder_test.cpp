#include "core/checkpoint_folder.h"

#include <ATen/ops/ones.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "core/atomic_file.h"
#include "core/checkpoint_leftovers.h"
#include "core/checkpoint_manifest.h"
#include "core/safetensors.h"
#include "small_disk.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

/// A checkpoint of two files, one of them in a subfolder.
fs::path commit(const fs::path& parent, const std::string& name) {
  auto folder = CheckpointFolder::begin(parent, name);
  write_safetensors(folder.path() / "model.safetensors", {{"w", at::ones({3})}});
  fs::create_directory(folder.path() / "rank");
  write_text(folder.path() / "rank" / "0.json", "{}");
  return folder.commit();
}

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_folder)

BOOST_AUTO_TEST_CASE(has_its_name_only_when_whole) {
  const TemporaryFolder run;
  const auto parent = run / "checkpoints";
  auto folder = CheckpointFolder::begin(parent, "step-1");
  BOOST_TEST(folder.path() == parent / (".tmp-step-1-" + std::to_string(::getpid())));
  write_text(folder.path() / "state.json", "{}");
  BOOST_TEST(!fs::exists(parent / "step-1"));
  BOOST_TEST(folder.commit() == parent / "step-1");
  BOOST_TEST(names(parent) == std::vector<std::string>{"step-1"}, boost::test_tools::per_element());
  BOOST_TEST(names(parent / "step-1") == (std::vector<std::string>{"manifest.json", "state.json"}),
             boost::test_tools::per_element());
  // The sum of "{}": xxhash.xxh3_128_hexdigest(b"{}") of Python's xxhash.
  BOOST_TEST(read_text(parent / "step-1" / "manifest.json") == R"({
  "format": 1,
  "files": {
    "state.json": {
      "bytes": 2,
      "xxh3": "dc7048f8f8747f561349cde127705c16"
    }
  }
}
)");
}

BOOST_AUTO_TEST_CASE(without_commit_nothing_stays) {
  const TemporaryFolder run;
  {
    const auto folder = CheckpointFolder::begin(run.path(), "step-1");
    write_text(folder.path() / "state.json", "{}");
  }
  BOOST_TEST(fs::is_empty(run.path()));
}

BOOST_AUTO_TEST_CASE(moves_between_owners) {
  const TemporaryFolder run;
  auto first = CheckpointFolder::begin(run.path(), "step-1");
  {
    CheckpointFolder second = std::move(first);
    second.commit();
    check_error([&] { second.commit(); }, {"step-1", "before"});
  }
  BOOST_TEST(names(run.path()) == std::vector<std::string>{"step-1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(never_overwrites) {
  const TemporaryFolder run;
  commit(run.path(), "step-1");
  check_error([&] { CheckpointFolder::begin(run.path(), "step-1"); }, {run / "step-1", "exists already"});

  // Also where the name is taken between begin and commit, be it by an empty folder, which rename(2) would replace.
  auto folder = CheckpointFolder::begin(run.path(), "step-2");
  fs::create_directory(run / "step-2");
  check_error([&] { folder.commit(); }, {run / "step-2", "exists already"});
  BOOST_TEST(fs::is_empty(run / "step-2"));
}

BOOST_AUTO_TEST_CASE(one_writer_a_name) {
  const TemporaryFolder run;
  const auto folder = CheckpointFolder::begin(run.path(), "step-1");
  check_error([&] { CheckpointFolder::begin(run.path(), "step-1"); }, {"step-1", "being written"});
}

BOOST_AUTO_TEST_CASE(bad_names_are_refused) {
  const TemporaryFolder run;
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "../x", "last"})
    check_error([&] { CheckpointFolder::begin(run.path(), name); }, {"can't be a checkpoint's name"});
  BOOST_TEST(fs::is_empty(run.path()));
}

BOOST_AUTO_TEST_CASE(odd_things_inside_are_refused) {
  const TemporaryFolder run;
  auto folder = CheckpointFolder::begin(run.path(), "step-1");
  fs::create_symlink("/etc/passwd", folder.path() / "link");
  check_error([&] { folder.commit(); }, {folder.path() / "link", "neither a file nor a folder"});
}

BOOST_AUTO_TEST_CASE(a_dead_writers_folder_is_taken_over) {
  const TemporaryFolder run;
  // As a kill leaves it; in a container the next process may well have the same number.
  const auto left = run / leftover_name("step-1", ::getpid());
  fs::create_directory(left);
  write_text(left / "half", "x");
  auto folder = CheckpointFolder::begin(run.path(), "step-1");
  BOOST_TEST(fs::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(leftovers_go_and_the_living_stay) {
  const TemporaryFolder run;
  const auto alive = CheckpointFolder::begin(run.path(), "step-1");
  commit(run.path(), "step-0");
  fs::create_directories(run / ".tmp-step-9-123" / "rank");
  fs::create_directory(run / ".tmp-mine");
  fs::create_directory(run / ".tmp-5");
  BOOST_TEST(remove_leftovers(run.path()) == std::vector<fs::path>{run / ".tmp-step-9-123"},
             boost::test_tools::per_element());
  BOOST_TEST(fs::exists(alive.path()));
  BOOST_TEST(fs::exists(run / "step-0"));
  BOOST_TEST(fs::exists(run / ".tmp-mine"));
  BOOST_TEST(remove_leftovers(run / "none").empty());
}

BOOST_AUTO_TEST_CASE(verify_names_what_is_damaged) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  verify_checkpoint(checkpoint);
  write_text(checkpoint / "notes.txt", "a user's own file does no harm");
  verify_checkpoint(checkpoint);

  auto text = read_text(checkpoint / "model.safetensors");
  text.back() ^= 1;
  write_text(checkpoint / "model.safetensors", text);
  check_error([&] { verify_checkpoint(checkpoint); }, {checkpoint / "model.safetensors", "was changed", "XXH3"});
  write_text(checkpoint / "model.safetensors", text + "x");
  check_error([&] { verify_checkpoint(checkpoint); },
              {checkpoint / "model.safetensors", std::to_string(text.size() + 1) + " bytes instead of"});
  fs::remove(checkpoint / "model.safetensors");
  fs::remove(checkpoint / "rank" / "0.json");
  check_error([&] { verify_checkpoint(checkpoint); },
              {checkpoint / "model.safetensors", checkpoint / "rank" / "0.json", "is missing"});
  fs::remove(checkpoint / "manifest.json");
  check_error([&] { verify_checkpoint(checkpoint); }, {checkpoint, "no manifest.json"});
}

BOOST_AUTO_TEST_CASE(broken_manifests_are_refused) {
  const TemporaryFolder run;
  const auto checkpoint = commit(run.path(), "step-1");
  const auto with = [&](const std::string& text) {
    write_text(checkpoint / "manifest.json", text);
    return [&] { verify_checkpoint(checkpoint); };
  };
  check_error(with("{"), {checkpoint / "manifest.json", "broken"});
  check_error(with("[]"), {checkpoint / "manifest.json", "broken"});
  check_error(with(R"({"format": 2, "files": {}})"), {checkpoint / "manifest.json", "format 2"});
  for (const char* name : {"../x", "/etc/passwd", "a/../../x", "", "."})
    check_error(with(R"({"format": 1, "files": {")" + std::string(name) + R"(": {"bytes": 1, "xxh3": "0"}}})"),
                {checkpoint / "manifest.json", "not inside"});
}

BOOST_AUTO_TEST_CASE(last_is_repointed) {
  const TemporaryFolder run;
  point_to(commit(run.path(), "step-1"), "last");
  BOOST_TEST(fs::read_symlink(run / "last") == "step-1");
  point_to(commit(run.path(), "step-2"), "last");
  BOOST_TEST(fs::read_symlink(run / "last") == "step-2");
  fs::remove(run / "last");
  fs::create_directory(run / "last");
  check_error([&] { point_to(run / "step-1", "last"); }, {run / "last", "is no link"});
  BOOST_TEST(names(run.path()) == (std::vector<std::string>{"last", "step-1", "step-2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_no_half_checkpoint) {
  const SmallDisk disk(256 << 10);
  if (!disk.works()) return;
  point_to(commit(disk.path(), "step-1"), "last");
  check_error(
      [&] {
        auto folder = CheckpointFolder::begin(disk.path(), "step-2");
        write_safetensors(folder.path() / "model.safetensors", {{"w", at::ones({1 << 20})}});
        folder.commit();
      },
      {"model.safetensors", "No space left"});
  BOOST_TEST(names(disk.path()) == (std::vector<std::string>{"last", "step-1"}), boost::test_tools::per_element());
  verify_checkpoint(disk / "last");
}

BOOST_AUTO_TEST_SUITE_END()
