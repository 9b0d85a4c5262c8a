#include "core/process_memory.h"

#include <sys/mman.h>

#include <boost/test/unit_test.hpp>

using namespace dl::host;

BOOST_AUTO_TEST_CASE(process_memory_follows_what_is_touched) {
  constexpr int64_t kBlock = 64 << 20;
  constexpr int64_t kSlack = 8 << 20;
  const auto before = ProcessMemory::now();
  BOOST_TEST(before.rss > 0);
  BOOST_TEST(before.pss > 0);
  BOOST_TEST(before.pss <= before.rss + kSlack);
  {
    // Straight from the system and back: an allocator might keep it. Touched by the system too: under the thread
    // sanitizer our own touch would take four times as much for its records.
    void* block = ::mmap(nullptr, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    BOOST_TEST_REQUIRE(block != MAP_FAILED);
    const auto during = ProcessMemory::now();
    ::munmap(block, kBlock);
    BOOST_TEST(during.rss - before.rss > kBlock - kSlack);
    BOOST_TEST(during.rss - before.rss < kBlock + kSlack);
    BOOST_TEST(during.pss - before.pss > kBlock - kSlack);
    BOOST_TEST(during.peak_rss >= before.rss + kBlock - kSlack);
  }
  const auto after = ProcessMemory::now();
  BOOST_TEST(after.rss < before.rss + kSlack);
  BOOST_TEST(after.peak_rss >= before.rss + kBlock - kSlack);
}
