#include "core/text_table.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

using namespace dl::host;
using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(text_table)

BOOST_AUTO_TEST_CASE(wrapping) {
  BOOST_TEST((wrapped("one two three", 7) == Lines{"one two", "three"}));
  BOOST_TEST((wrapped("one two three", 6) == Lines{"one", "two", "three"}));
  BOOST_TEST((wrapped("abcdefgh ij", 3) == Lines{"abc", "def", "gh", "ij"}));
  BOOST_TEST((wrapped("", 5) == Lines{""}));
  BOOST_TEST((wrapped("é é é", 3) == Lines{"é é", "é"}));
}

BOOST_AUTO_TEST_CASE(characters_not_bytes) {
  BOOST_TEST(columns("naïve …") == 7U);
  BOOST_TEST(shortened("naïve text", 5) == "naïv…");
  BOOST_TEST(shortened("naïve", 5) == "naïve");
  BOOST_TEST(first_line("a\nb") == "a");
}

BOOST_AUTO_TEST_CASE(columns_line_up) {
  TextTable table;
  table.add_line("/a/very/long/folder/name/that/must/not/widen/anything/at/all");
  table.add({"ab", "kind", "some words to wrap here, and more"});
  table.add({"abcd", "k", "cut this text at the end of the line", true});
  table.add({"only one cell"});
  std::ostringstream out;
  table.print(out, 36, false);
  BOOST_TEST(out.str() ==
             "/a/very/long/folder/name/that/must/not/widen/anything/at/all\n"
             "ab    kind  some words to wrap here,\n"
             "            and more\n"
             "abcd  k     cut this text at the en…\n"
             "only one cell\n");
}

BOOST_AUTO_TEST_SUITE_END()
