#include "core/atomic_file.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "small_disk.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(replaces_the_whole_text) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", std::string(100, 'x'));
  write_file_atomically(folder / "a", std::string("ne\0w", 4));
  BOOST_TEST(read_whole_file(folder / "a") == std::string("ne\0w", 4));
  BOOST_TEST(entries(folder.path()) == 1);
}

BOOST_AUTO_TEST_CASE(errors_name_path_and_reason) {
  const TemporaryFolder folder;
  check_error([&] { write_file_atomically(folder / "none" / "a", "x"); }, {folder / "none", "No such file"});
  check_error([&] { read_whole_file(folder / "a"); }, {folder / "a", "No such file"});
  fs::create_directory(folder / "d");
  check_error([&] { write_file_atomically(folder / "d", "x"); }, {folder / "d", "Is a directory"});
  BOOST_TEST(entries(folder.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file) {
  const SmallDisk disk(64 << 10);
  if (!disk.works()) return;
  write_file_atomically(disk / "a", "old");
  check_error([&] { write_file_atomically(disk / "a", std::string(200'000, 'x')); },
              {disk / "", "No space left", "make room"});
  BOOST_TEST(read_text(disk / "a") == "old");
  BOOST_TEST(entries(disk.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_file_size_limit_leaves_the_old_file) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  {
    const FileSizeLimit limit(50'000);
    check_error([&] { write_file_atomically(folder / "a", std::string(200'000, 'x')); }, {"File too large"});
  }
  BOOST_TEST(read_text(folder / "a") == "old");
  BOOST_TEST(entries(folder.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_reader_sees_old_or_new) {
  const TemporaryFolder folder;
  const auto path = folder / "a";
  const std::string first(100'000, 'a'), second(150'000, 'b');
  write_file_atomically(path, first);
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (const auto* text : {&first, &second})
    writers.emplace_back([&, text] {
      while (!stop) write_file_atomically(path, *text);
    });
  for (int i = 0; i < 300; ++i) {
    const auto text = read_text(path);
    BOOST_TEST_REQUIRE((text == first || text == second));
  }
  stop = true;
  for (auto& writer : writers) writer.join();
  BOOST_TEST(entries(folder.path()) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
