#include "core/inspect.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text_table.h"
#include "zoo.h"

using namespace dl::host;
using Json = nlohmann::json;

namespace {

struct Output {
  int code;
  std::string out, err;
  bool broken;
};

Output run(const std::string& type, bool json = false) {
  Registry registry{{zoo::folder()}};
  std::ostringstream out, err;
  const int code = inspect(registry, type, json, out, err);
  return {code, out.str(), err.str(), registry.broken_plugin()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inspect_suite)

BOOST_AUTO_TEST_CASE(a_class) {
  const auto result = run("good.Scale");
  BOOST_TEST_MESSAGE(result.out);
  BOOST_TEST(result.code == 0);
  BOOST_TEST(result.err == "");
  for (const char* part :
       {"good.Scale, a loss\n", "The prediction, scaled.\nA second line", "good 1.2.3, for LibTorch ",
        "was      Scaled", "  factor = 2.0 ", "float ", "what it is multiplied by (> 0)", "  axes = [0, 1]",
        "list of integer", "  reduction = \"mean\"", "over samples (one of \"mean\", \"sum\")",
        "lower bound (not set by default)", "  clip ", "table", "    low = -1.0",
        "  [model.loss]\n  type = \"good.Scale\"\n  [model.loss.params]\n  factor = 2.0\n"})
    BOOST_TEST(zoo::has(result.out, part));
  BOOST_TEST(zoo::has(result.out, zoo::file("good").string()));
}

BOOST_AUTO_TEST_CASE(a_class_as_json) {
  const auto json = Json::parse(run("good.Scale", true).out);
  BOOST_TEST(json["type"].get<std::string>() == "good.Scale");
  BOOST_TEST(json["kind"].get<std::string>() == "loss");
  BOOST_TEST(json["plugin"]["version"].get<std::string>() == "1.2.3");
  const auto& options = json["options"];
  BOOST_REQUIRE_EQUAL(options.size(), 7U);
  BOOST_TEST((options[0] == Json{{"name", "factor"},
                                 {"type", "float"},
                                 {"doc", "what it is multiplied by"},
                                 {"range", "> 0"},
                                 {"optional", false},
                                 {"default", 2.0}}));
  BOOST_TEST((options[3]["default"] == Json{0, 1}));
  BOOST_TEST(options[4]["optional"].get<bool>());
  BOOST_TEST(options[4]["default"].is_null());
  BOOST_TEST(options[6]["members"].size() == 2U);
  BOOST_TEST(zoo::has(json["toml"], "good.Scale"));
}

BOOST_AUTO_TEST_CASE(a_library) {
  const auto result = run("good");
  BOOST_TEST(result.code == 0);
  for (const char* part :
       {"good 1.2.3, for LibTorch ", "A plugin as it should be", "good.Scale", "scheduler", "good.Rows"})
    BOOST_TEST(zoo::has(result.out, part));
  BOOST_TEST(Json::parse(run("good", true).out)["classes"].size() == 3U);
  BOOST_TEST(zoo::has(run("wrong_kind_abi").out, "compiled for version 99"));
  // A composite name with and without a class.
  BOOST_TEST(zoo::has(run("X.Y").out, "X.Y.Z"));
  BOOST_TEST(zoo::has(run("X.Y.Z").out, "X.Y.Z, a transform"));
}

BOOST_AUTO_TEST_CASE(errors) {
  const auto unknown = run("good.Scael", true);
  BOOST_TEST(unknown.code == 2);
  BOOST_TEST(unknown.out == "");
  BOOST_TEST(zoo::has(unknown.err, "error: no class \"Scael\" in good"));
  const auto missing = run("goood");
  BOOST_TEST(missing.code == 3);
  BOOST_TEST(zoo::has(missing.err, "no plugin library \"goood\""));
  const auto broken = run("wrong_torch");
  BOOST_TEST(broken.code == 3);
  BOOST_TEST(zoo::has(broken.err, "built for LibTorch 1.13.1"));
  BOOST_TEST(run("/etc/passwd").code == 2);
  BOOST_TEST(run("").code == 2);
}

BOOST_AUTO_TEST_CASE(former_names_warn) {
  const auto result = run("good.Scaled");
  BOOST_TEST(result.code == 0);
  BOOST_TEST(zoo::has(result.err, "warning: \"good.Scaled\" is now called \"good.Scale\""));
}

BOOST_AUTO_TEST_CASE(fits_a_terminal) {
  for (const char* type : {"good.Scale", "good"}) {
    std::istringstream lines(run(type).out);
    for (std::string line; std::getline(lines, line);)
      if (line.find(".so") == std::string::npos && line.find("= {") == std::string::npos)
        BOOST_TEST(columns(line) <= 100U, line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
