#include "dl/schema.h"

#include <boost/test/unit_test.hpp>

using dl::Problems;
using dl::Value;

namespace {

struct Inner {
  int64_t k = 1;
  dl::Place place;
  static dl::Schema<Inner> schema() {
    return dl::Schema<Inner>("inner").field("k", &Inner::k, "a number", dl::at_least(0));
  }
};

struct Options {
  int64_t width = 64;
  int small = 3;
  double rate = 0.5;
  bool flag = false;
  std::string mode = "min";
  std::vector<double> betas = {0.9, 0.999};
  std::optional<int64_t> limit;
  Inner inner;
  std::vector<Inner> many;
  Value any;
};

dl::Schema<Options> schema() {
  return dl::Schema<Options>("doc")
      .field("width", &Options::width, "features", dl::at_least(1))
      .field("small", &Options::small, "an int")
      .field("rate", &Options::rate, "a rate", dl::between(0, 1))
      .field("flag", &Options::flag, "a flag")
      .field("mode", &Options::mode, "a word", dl::one_of({"min", "max"}))
      .field("betas", &Options::betas, "two", dl::between(0, 1))
      .field("limit", &Options::limit, "optional")
      .field("inner", &Options::inner, "a table")
      .field("many", &Options::many, "tables")
      .field("any", &Options::any, "anything");
}

Value::Table one(std::string key, Value value) {
  value.place = {"c.toml", 3, 9};
  return {{std::move(key), std::move(value), {"c.toml", 3, 1}}};
}

std::string problem(std::string key, Value value) {
  Problems problems;
  (void)schema().read(Value(one(std::move(key), std::move(value))), "t", problems);
  return problems.text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_suite)

BOOST_AUTO_TEST_CASE(defaults) {
  Problems problems;
  const auto options = schema().read(Value(), "t", problems);
  BOOST_TEST(problems.empty());
  BOOST_TEST(options.width == 64);
  BOOST_TEST(!options.limit);
  const auto fields = schema().fields();
  BOOST_TEST(fields.at(0).fallback.text() == "64");
  BOOST_TEST(fields.at(0).range == ">= 1");
  BOOST_TEST(fields.at(2).type == "float");
  BOOST_TEST(fields.at(5).type == "list of float");
  BOOST_TEST(fields.at(6).optional);
  BOOST_TEST(fields.at(7).members.at(0).name == "k");
}

BOOST_AUTO_TEST_CASE(reads_every_type) {
  Value table;
  table.at("width") = Value(8);
  table.at("rate") = Value(1);  // an integer where a float is expected
  table.at("flag") = Value(true);
  table.at("mode") = Value("max");
  table.at("betas") = Value(Value::List{0.5, 1});
  table.at("limit") = Value(7);
  table.at("inner").at("k") = Value(4);
  table.at("many") = Value(Value::List{Value(Value::Table{{"k", 9, {}}})});
  table.at("any") = Value("x");
  Problems problems;
  const auto options = schema().read(table, "t", problems);
  BOOST_TEST(problems.text() == "");
  BOOST_TEST(options.width == 8);
  BOOST_TEST(options.rate == 1.0);
  BOOST_TEST(options.flag);
  BOOST_TEST(options.mode == "max");
  BOOST_TEST(options.betas.at(1) == 1.0);
  BOOST_TEST(*options.limit == 7);
  BOOST_TEST(options.inner.k == 4);
  BOOST_TEST(options.many.at(0).k == 9);
  BOOST_TEST(*options.any.get_if<std::string>() == "x");
}

BOOST_AUTO_TEST_CASE(messages) {
  BOOST_TEST(problem("widht", 3) == "c.toml:3:1: [t] unknown key \"widht\"; did you mean \"width\"?");
  BOOST_TEST(problem("zzzzzz", 3).starts_with("c.toml:3:1: [t] unknown key \"zzzzzz\" (known: width, small, "));
  BOOST_TEST(problem("width", "x") == "c.toml:3:9: [t] \"width\": expected integer, found string \"x\"");
  BOOST_TEST(problem("width", 1.5) == "c.toml:3:9: [t] \"width\": expected integer, found float 1.5");
  BOOST_TEST(problem("width", 2.0) == "c.toml:3:9: [t] \"width\": expected integer, found float 2.0; write 2");
  BOOST_TEST(problem("width", "64") ==
             "c.toml:3:9: [t] \"width\": expected integer, found string \"64\"; write 64 without quotes");
  BOOST_TEST(problem("rate", "1e-3") ==
             "c.toml:3:9: [t] \"rate\": expected float, found string \"1e-3\"; write 1e-3 without quotes");
  BOOST_TEST(problem("flag", "true") ==
             "c.toml:3:9: [t] \"flag\": expected boolean, found string \"true\"; write true without quotes");
  BOOST_TEST(problem("betas", 1) == "c.toml:3:9: [t] \"betas\": expected list of float, found integer 1; write [1]");
  BOOST_TEST(problem("many", Value()) ==
             "c.toml:3:9: [t] \"many\": expected list of table, found a table; put it into a list: [ { … } ]");
  BOOST_TEST(problem("width", 0) == "c.toml:3:9: [t] \"width\" must be >= 1, found 0");
  BOOST_TEST(problem("small", int64_t{1} << 40).find("expected integer") != std::string::npos);
  BOOST_TEST(problem("rate", 1.5) == "c.toml:3:9: [t] \"rate\" must be in [0, 1], found 1.5");
  BOOST_TEST(problem("mode", "mean") == "c.toml:3:9: [t] \"mode\" must be one of \"min\", \"max\", found \"mean\"");
  BOOST_TEST(problem("flag", 1) == "c.toml:3:9: [t] \"flag\": expected boolean, found integer 1");
  BOOST_TEST(problem("betas", Value(Value::List{0.5, 2.0})) ==
             "c.toml:3:9: [t] \"betas\" must be in [0, 1], found [0.5, 2.0]");
  BOOST_TEST(problem("inner", 3) == "c.toml:3:9: [t.inner] expected table, found integer 3");
}

BOOST_AUTO_TEST_CASE(limits_for_editors) {
  const auto fields = schema().fields();
  BOOST_TEST(*fields.at(0).limits.low == 1);
  BOOST_TEST(!fields.at(0).limits.high);
  BOOST_TEST(!fields.at(0).limits.above);
  BOOST_TEST(*fields.at(2).limits.high == 1);
  BOOST_TEST(fields.at(4).limits.words.at(1) == "max");
  BOOST_TEST(dl::greater_than(0).limits.above);
}

struct Choice {
  std::string type;
  Value params;
  static dl::Schema<Choice> schema() {
    return dl::Schema<Choice>("a class").field("type", &Choice::type, "").field("params", &Choice::params, "");
  }
};

BOOST_AUTO_TEST_CASE(tables_that_name_a_class) {
  Problems problems;
  (void)Choice::schema().read(Value("lib.Class"), "t", problems);
  (void)Choice::schema().read(Value(one("width", 3)), "t", problems);
  BOOST_TEST(problems.text() ==
             "[t] expected table, found string \"lib.Class\"; write { type = \"lib.Class\" }\n"
             "c.toml:3:1: [t] unknown key \"width\" (known: type, params); the class's own options go into "
             "params = { width = 3 }");
}

BOOST_AUTO_TEST_CASE(all_problems_at_once) {
  Value table;
  table.at("a") = Value(1);
  table.at("b") = Value(2);
  table.at("width") = Value(-1);
  table.at("inner").at("k") = Value(-1);
  Problems problems;
  (void)schema().read(table, "t", problems);
  BOOST_TEST(problems.list().size() == 4U);
  BOOST_TEST(problems.list().back().table == "t.inner");
}

BOOST_AUTO_TEST_CASE(a_table_is_told_its_place) {
  Value inner(Value::Table{});
  inner.place = {"c.toml", 5, 2};
  Value table;
  table.at("inner") = inner;
  Problems problems;
  BOOST_TEST(schema().read(table, "t", problems).inner.place.line == 5);
}

BOOST_AUTO_TEST_SUITE_END()
