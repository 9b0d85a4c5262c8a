#include "dl/problems.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(problems)

BOOST_AUTO_TEST_CASE(nearest_name) {
  const std::vector<std::string> names = {"depth", "width", "num_classes", "batch_size"};
  BOOST_TEST(dl::nearest("dpeth", names) == "depth");
  BOOST_TEST(dl::nearest("Width", names) == "width");
  BOOST_TEST(dl::nearest("num_clases", names) == "num_classes");
  BOOST_TEST(dl::nearest("batchsize", names) == "batch_size");
  BOOST_TEST(dl::nearest("zzzzz", names) == "");
  BOOST_TEST(dl::nearest("classes", names) == "num_classes");
  BOOST_TEST(dl::nearest("size", {"crop_size", "size_of_all"}) == "crop_size");
  BOOST_TEST(dl::nearest("ab", {"xy"}) == "");
  BOOST_TEST(dl::did_you_mean("dpeth", names) == "; did you mean \"depth\"?");
  BOOST_TEST(dl::did_you_mean("zzzzz", names) == "");
}

BOOST_AUTO_TEST_CASE(text_is_in_file_order) {
  dl::Problems problems;
  problems.add({"c.toml", 9, 1}, "b", "second");
  problems.add({"c.toml", 2, 5}, "", "first");
  BOOST_TEST(problems.text() == "c.toml:2:5: first\nc.toml:9:1: [b] second");
}

BOOST_AUTO_TEST_SUITE_END()
