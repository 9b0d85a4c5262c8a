#include "core/memory_plan.h"

#include <boost/test/unit_test.hpp>

#include "core/errors.h"
#include "core/memory_check.h"

using dl::host::parse_bytes;

BOOST_AUTO_TEST_CASE(reads_sizes) {
  BOOST_TEST(parse_bytes("1024") == 1024);
  BOOST_TEST(parse_bytes("24GiB") == int64_t{24} << 30);
  BOOST_TEST(parse_bytes("1.5 gib") == int64_t{3} << 29);
  BOOST_TEST(parse_bytes("800MB") == 800'000'000);
  BOOST_TEST(parse_bytes("2e3k") == 2'048'000);
  for (const char* wrong : {"", "GiB", "-3GB", "12 parsecs", "1e30", "nan"})
    BOOST_CHECK_EXCEPTION(parse_bytes(wrong), dl::host::UsageError, [&](const dl::host::UsageError& error) {
      return std::string(error.what()).find("24GiB") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(knows_what_is_free) {
  BOOST_TEST(dl::host::available_memory() > 0);
  BOOST_TEST(dl::host::available_memory() < int64_t{1} << 50);
}
