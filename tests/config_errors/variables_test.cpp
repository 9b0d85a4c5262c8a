#include "core/variables.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "core/toml_file.h"

using namespace dl;
using namespace dl::host;

namespace {

/// `text` as a string value, expanded; or what is wrong with it.
std::string expanded(const std::string& text) {
  Value config;
  auto& value = config.at("data").at("root");
  value = Value(text);
  value.place = {"c.toml", 2, 8};
  Problems problems;
  expand_variables(config, problems);
  return problems.empty() ? *config.find("data")->find("root")->get_if<std::string>() : problems.text();
}

struct Environment {
  Environment() {
    ::setenv("DL_ONE", "one", 1);
    ::setenv("DL_EMPTY", "", 1);
    ::setenv("DL_NESTED", "${DL_ONE}", 1);
    ::unsetenv("DL_UNSET");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(variables, Environment)

BOOST_AUTO_TEST_CASE(values_take_their_place) {
  BOOST_TEST(expanded("${DL_ONE}/data") == "one/data");
  BOOST_TEST(expanded("a/${DL_ONE}${DL_ONE}b") == "a/oneoneb");
  BOOST_TEST(expanded("[${DL_EMPTY}]") == "[]");
  BOOST_TEST(expanded("${DL_NESTED}") == "${DL_ONE}");  // what was put in is not looked at again
}

BOOST_AUTO_TEST_CASE(what_stays) {
  BOOST_TEST(expanded("$DL_ONE, 5 $, {DL_ONE} and $$") == "$DL_ONE, 5 $, {DL_ONE} and $$");
  BOOST_TEST(expanded("$${DL_ONE}") == "${DL_ONE}");
  BOOST_TEST(expanded("$$${DL_ONE}") == "$${DL_ONE}");
  BOOST_TEST(expanded("$${DL_ONE} ${DL_ONE}") == "${DL_ONE} one");
}

BOOST_AUTO_TEST_CASE(what_is_wrong) {
  BOOST_TEST(expanded("${DL_UNSET}/x") ==
             "c.toml:2:8: [data] \"root\": the environment variable DL_UNSET is not set; set it, or write $${DL_UNSET} "
             "for the text itself");
  for (const char* text : {"${", "${}", "${DL_ONE", "${1A}", "${DL_ONE:-x}"})
    BOOST_TEST(expanded(text) == "c.toml:2:8: [data] \"root\": \"" + std::string(text) +
                                     "\" is no ${NAME} of an environment variable; write $${ for ${ itself");
}

BOOST_AUTO_TEST_CASE(everywhere_but_in_keys) {
  auto config = parse_toml("[a]\n\"${DL_ONE}\" = [ { b = \"${DL_ONE}\" }, \"${DL_ONE}\", 3 ]\n", "c.toml");
  Problems problems;
  expand_variables(config, problems);
  BOOST_TEST(problems.text() == "");
  BOOST_TEST(config.find("a")->find("${DL_ONE}")->text() == R"([{ b = "one" }, "one", 3])");
}

BOOST_AUTO_TEST_CASE(written_configs_read_back_the_same) {
  for (const char* text : {"${DL_ONE}", "$${DL_ONE}", "$$$", "${", "a${DL_UNSET}b$"}) {
    Value config;
    config.at("a").at("b") = Value(text);
    auto again = parse_toml(to_toml(config), "c.toml");
    Problems problems;
    expand_variables(again, problems);
    BOOST_TEST(problems.text() == "", text);
    BOOST_TEST((again.find("a")->find("b")->text() == Value(text).text()), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
