#include "core/same_plugins.h"

#include <boost/test/unit_test.hpp>
#include <mutex>

#include "core/file_checksum.h"
#include "support/thread_communicator.h"
#include "zoo.h"

using namespace dl;
using namespace dl::host;

namespace {

using Files = std::vector<ProgramFile>;

/// The error of check_same_plugins() where each rank has its own files; the same on all ranks, "" where they agree.
std::string error_of(const std::vector<Files>& files) {
  std::mutex mutex;
  std::vector<std::string> texts;
  testing::ThreadGroup::run(static_cast<int>(files.size()), [&](Communicator& control) {
    std::string text;
    try {
      check_same_plugins(files[static_cast<size_t>(control.rank())], control);
    } catch (const PluginError& error) {
      text = error.what();
    }
    const std::lock_guard lock(mutex);
    texts.push_back(text);
  });
  BOOST_REQUIRE_EQUAL(texts.size(), files.size());
  for (const auto& text : texts) BOOST_TEST(text == texts.front());
  return texts.front();
}

const Files kUsual = {{"dlhost", "/opt/bin/dlhost", "aa"}, {"vision", "/opt/p/vision.so", "11"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(same_plugins)

BOOST_AUTO_TEST_CASE(equal_files) { BOOST_TEST(error_of({kUsual, kUsual, kUsual}) == ""); }

BOOST_AUTO_TEST_CASE(paths_may_differ) {
  auto moved = kUsual;
  moved[1].file = "/elsewhere/vision.so";
  BOOST_TEST(error_of({kUsual, moved}) == "");
}

BOOST_AUTO_TEST_CASE(the_odd_host_is_named) {
  auto odd = kUsual;
  odd[1] = {"vision", "/old/vision.so", "22"};
  const auto text = error_of({kUsual, kUsual, odd});
  BOOST_TEST_MESSAGE(text);
  BOOST_TEST(zoo::has(text, "the plugin \"vision\" is not the same on all ranks: host "));
  BOOST_TEST(zoo::has(text,
                      "(rank 2) has /old/vision.so with the sum 22; the other 2 ranks have /opt/p/vision.so with the "
                      "sum 11\ninstall the same dlhost and the same plugins on every host"));
  // The majority is right, wherever rank 0 belongs.
  BOOST_TEST(zoo::has(error_of({odd, kUsual, kUsual}), "(rank 0) has /old/vision.so"));
  // With two, rank 0 is.
  BOOST_TEST(
      zoo::has(error_of({kUsual, odd}), "(rank 1) has /old/vision.so with the sum 22; the other 1 rank has /opt"));
}

BOOST_AUTO_TEST_CASE(what_one_rank_lacks) {
  BOOST_TEST(zoo::has(error_of({kUsual, kUsual, {kUsual[0]}}), "(rank 2) has not opened it; the other 2 ranks have"));
  auto more = kUsual;
  more.push_back({"extra", "/p/extra.so", "33"});
  BOOST_TEST(zoo::has(error_of({kUsual, more, kUsual}), "\"extra\" is not the same on all ranks: host "));
}

BOOST_AUTO_TEST_CASE(the_program_and_several_plugins) {
  auto odd = kUsual;
  odd[0].sum = "bb";
  odd[1].sum = "22";
  const auto text = error_of({kUsual, kUsual, odd});
  BOOST_TEST(zoo::has(text, "dlhost itself is not the same on all ranks"));
  BOOST_TEST(zoo::has(text, "\nthe plugin \"vision\" is not"));
}

BOOST_AUTO_TEST_CASE(sums_of_what_is_open) {
  Registry registry({zoo::folder()});
  Problems problems;
  BOOST_REQUIRE(registry.library("good", {}, "", problems));
  const auto files = program_files(registry);
  BOOST_REQUIRE_EQUAL(files.size(), 2U);
  BOOST_TEST(files[0].name == "dlhost");
  BOOST_TEST(files[0].sum.size() == 32U);
  BOOST_TEST(files[1].name == "good");
  BOOST_TEST(files[1].sum == file_checksum(zoo::file("good")));
}

BOOST_AUTO_TEST_SUITE_END()
