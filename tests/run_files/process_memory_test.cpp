#include "core/process_memory.h"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace dl::host;

BOOST_AUTO_TEST_CASE(process_memory_follows_what_is_touched) {
  constexpr int64_t kBlock = 64 << 20;
  constexpr int64_t kSlack = 8 << 20;
  const auto before = ProcessMemory::now();
  BOOST_TEST(before.rss > 0);
  BOOST_TEST(before.pss > 0);
  BOOST_TEST(before.pss <= before.rss + kSlack);
  {
    std::vector<char> block(static_cast<std::size_t>(kBlock), 1);
    const auto during = ProcessMemory::now();
    BOOST_TEST(during.rss - before.rss > kBlock - kSlack);
    BOOST_TEST(during.rss - before.rss < kBlock + kSlack);
    BOOST_TEST(during.pss - before.pss > kBlock - kSlack);
    BOOST_TEST(during.peak_rss >= before.rss + kBlock - kSlack);
    BOOST_TEST(block[5] == 1);
  }
  const auto after = ProcessMemory::now();
  BOOST_TEST(after.rss < before.rss + kSlack);
  BOOST_TEST(after.peak_rss >= before.rss + kBlock - kSlack);
}
