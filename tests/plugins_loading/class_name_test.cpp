#include "core/class_name.h"

#include <boost/test/unit_test.hpp>

using dl::host::split_class_name;

BOOST_AUTO_TEST_SUITE(class_name)

BOOST_AUTO_TEST_CASE(splits_at_the_last_dot) {
  const auto name = split_class_name("vision.SimpleCNN");
  BOOST_REQUIRE(name);
  BOOST_TEST(name->library == "vision");
  BOOST_TEST(name->class_name == "SimpleCNN");
  BOOST_TEST(split_class_name("a.b-1.C_2")->library == "a.b-1");
  BOOST_TEST(split_class_name("a.b-1.C_2")->class_name == "C_2");
}

// A name becomes a path: none may leave the plugin folders.
BOOST_AUTO_TEST_CASE(refuses_what_is_no_name) {
  for (const char* text : {"", ".", "SimpleCNN", "vision.", ".SimpleCNN", "vision..SimpleCNN", "../evil.Class",
                           "/etc/x.Class", "a b.C", "a/b.C", "a.b\n", "a\0.b"})
    BOOST_TEST(!split_class_name(text), text);
}

BOOST_AUTO_TEST_CASE(articles) {
  BOOST_TEST(dl::host::with_article(dl::Kind::network) == "a network");
  BOOST_TEST(dl::host::with_article(dl::Kind::optimizer) == "an optimizer");
}

BOOST_AUTO_TEST_SUITE_END()
