#include "dl/value.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "dl/error.h"

using dl::Value;

BOOST_AUTO_TEST_SUITE(value)

BOOST_AUTO_TEST_CASE(prints_as_toml) {
  BOOST_TEST(Value(true).text() == "true");
  BOOST_TEST(Value(int64_t{-3}).text() == "-3");
  BOOST_TEST(Value(1.0).text() == "1.0");
  BOOST_TEST(Value(0.1).text() == "0.1");
  BOOST_TEST(Value(1e-300).text() == "1e-300");
  BOOST_TEST(Value(std::numeric_limits<double>::infinity()).text() == "inf");
  BOOST_TEST(Value("a\"b\\c\n\x01").text() == R"("a\"b\\c\n\u0001")");
  BOOST_TEST(Value(Value::List{1, "x"}).text() == "[1, \"x\"]");
  BOOST_TEST(Value(Value::Table{{"a b", 1, {}}, {"c", Value(), {}}}).text() == "{ \"a b\" = 1, c = {} }");
}

BOOST_AUTO_TEST_CASE(floats_keep_every_bit) {
  for (const double number : {0.1, 1.0 / 3, 2.2250738585072014e-308, 1.7976931348623157e308})
    BOOST_TEST(std::stod(Value(number).text()) == number);
}

BOOST_AUTO_TEST_CASE(tables) {
  Value table;
  table.at("a").at("b") = Value(3);
  BOOST_REQUIRE(table.find("a"));
  BOOST_TEST(*table.find("a")->find("b")->get_if<int64_t>() == 3);
  BOOST_TEST(!table.find("c"));
  BOOST_TEST(table.erase("a"));
  BOOST_TEST(!table.erase("a"));
  BOOST_CHECK_THROW(Value(3).at("x"), dl::Error);
}

BOOST_AUTO_TEST_CASE(equality_ignores_places) {
  Value a(3), b(3);
  b.place = {"f", 1, 2};
  BOOST_TEST((a == b));
  BOOST_TEST(!(Value(3) == Value(3.0)));
  BOOST_TEST(!(Value(Value::List{1}) == Value(Value::List{2})));
}

BOOST_AUTO_TEST_CASE(places) {
  BOOST_TEST((dl::Place{"cfg.toml", 12, 8}).text() == "cfg.toml:12:8");
  BOOST_TEST((dl::Place{"--set a", 0, 0}).text() == "--set a");
}

BOOST_AUTO_TEST_SUITE_END()
