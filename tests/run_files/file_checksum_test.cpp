#include "core/file_checksum.h"

#include <boost/test/unit_test.hpp>

#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl::host;

BOOST_AUTO_TEST_SUITE(checksum)

/// Expected: xxhash.xxh3_128_hexdigest of Python's xxhash 4.1.
BOOST_AUTO_TEST_CASE(equals_other_programs) {
  const TemporaryFolder folder;
  write_text(folder / "empty", "");
  BOOST_TEST(file_checksum(folder / "empty") == "99aa06d3014798d86001c324468d497f");
  write_text(folder / "short", "abc");
  BOOST_TEST(file_checksum(folder / "short") == "06b05ab6733a618578af5f94892f3950");
  std::string large(3'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>((i * 7 + 3) % 251);
  write_text(folder / "large", large);
  BOOST_TEST(file_checksum(folder / "large") == "1b2229c2f881cf6306505c9e469ecaa8");
}

BOOST_AUTO_TEST_CASE(names_a_missing_file) {
  check_error([] { file_checksum("/nonexistent/file"); }, {"/nonexistent/file", "No such file"});
}

BOOST_AUTO_TEST_SUITE_END()
