#include "core/toml_snippet.h"

#include <boost/test/unit_test.hpp>

#include "core/toml_file.h"
#include "zoo.h"

using namespace dl::host;
using dl::Field;
using dl::Kind;
using dl::Value;

namespace {

dl::ClassInfo info(Kind kind, std::vector<Field> fields = {}) {
  return {kind, 1, "C", "", {}, std::move(fields), {}, {}, {}};
}

/// The value that the snippet puts at a dotted path.
Value value_at(const std::string& snippet, const std::string& path) {
  auto value = parse_toml(snippet, "snippet");
  for (size_t begin = 0; begin < path.size();) {
    const auto end = std::min(path.find('.', begin), path.size());
    const auto* member = value.find(path.substr(begin, end - begin));
    BOOST_REQUIRE_MESSAGE(member, path << " is not in:\n" << snippet);
    value = Value(*member);
    begin = end + 1;
  }
  return value.is_list() ? value.get_if<Value::List>()->at(0) : value;
}

const Field kWidth{"width", "integer", "", "", Value(64), false, {}};

std::vector<Field> many() {
  std::vector<Field> fields;
  for (int i = 0; i < 12; ++i)
    fields.push_back({"option_" + std::to_string(i), "float", "", "", Value(0.5 * i), false, {}});
  return fields;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(toml_snippet_suite)

BOOST_AUTO_TEST_CASE(every_kind_goes_where_a_config_has_it) {
  const std::vector<std::pair<Kind, std::string>> places{{Kind::network, "model.network"},
                                                         {Kind::task, "model.module"},
                                                         {Kind::loss, "model.loss"},
                                                         {Kind::metric, "model.metrics"},
                                                         {Kind::optimizer, "model.optimizer"},
                                                         {Kind::scheduler, "model.scheduler"},
                                                         {Kind::data, "data.module"},
                                                         {Kind::transform, "data.transforms.train"},
                                                         {Kind::backend, "engine.backend"},
                                                         {Kind::communicator, "engine.communicator"},
                                                         {Kind::logger, "logger"}};
  for (const auto& [kind, place] : places) {
    for (const auto& fields : {std::vector{kWidth}, many()}) {
      const auto choice = value_at(toml_snippet("lib.C", info(kind, fields)), place);
      BOOST_TEST(*choice.find("type")->get_if<std::string>() == "lib.C");
      BOOST_TEST(choice.find("params")->get_if<Value::Table>()->size() == fields.size());
      BOOST_TEST((choice.find("call") != nullptr) == (kind == Kind::scheduler));
    }
    const auto bare = value_at(toml_snippet("lib.C", info(kind)), place);
    const auto* type = bare.find("type") ? bare.find("type") : &bare;
    BOOST_TEST(*type->get_if<std::string>() == "lib.C");
  }
}

BOOST_AUTO_TEST_CASE(short_ones_take_one_line) {
  BOOST_TEST(toml_snippet("lib.C", info(Kind::network, {kWidth})) ==
             "[model]\nnetwork = { type = \"lib.C\", params = { width = 64 } }\n");
  BOOST_TEST(toml_snippet("lib.C", info(Kind::backend)) == "[engine]\nbackend = \"lib.C\"\n");
  BOOST_TEST(zoo::has(toml_snippet("lib.C", info(Kind::metric, many())),
                      "[[model.metrics]]\ntype = \"lib.C\"\n[model.metrics.params]\n"));
}

BOOST_AUTO_TEST_CASE(defaults_only_where_there_are_some) {
  const auto params = value_at(
      toml_snippet("lib.C",
                   info(Kind::loss, {kWidth,
                                     {"none", "float", "", "", Value(), true, {}},
                                     {"any", "any", "", "", Value(), false, {}},
                                     {"nested", "table", "", "", Value(), false, {kWidth}},
                                     {"words", "list of string", "", "", Value(Value::List{"a \"b\""}), false, {}}})),
      "model.loss.params");
  BOOST_TEST(params.text() == "{ width = 64, nested = { width = 64 }, words = [\"a \\\"b\\\"\"] }");
}

BOOST_AUTO_TEST_CASE(places_of_roles) {
  BOOST_TEST(config_place(Kind::network) == "model.network");
  BOOST_TEST(config_place(Kind::network, "generator") == "model.networks.generator");
  BOOST_TEST(config_place(Kind::loss, "content") == "model.losses.content");
}

BOOST_AUTO_TEST_SUITE_END()
