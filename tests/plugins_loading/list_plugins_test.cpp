#include "core/list_plugins.h"

#include <elf.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/text_table.h"
#include "zoo.h"

using namespace dl::host;
using Json = nlohmann::json;

namespace {

/// One file of every sort in two folders.
struct Zoo {
  zoo::TempFolder one, two;
  std::vector<std::filesystem::path> path{one.path(), two.path()};
  Zoo() {
    for (const char* name :
         {"good", "wrong_torch", "wrong_sdk", "wrong_kind_abi", "name_mismatch", "throws_in_register",
          "crashes_in_static_init", "missing_symbol", "double_name", "no_section"})
      one.add(name);
    const auto good = zoo::read(zoo::file("good"));
    one.write("cut_off.so", good.substr(0, good.size() / 2));
    one.write("text.so", "INPUT(libreal.so)\n");
    auto arm = good;
    arm[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
    one.write("arm.so", arm);
    std::filesystem::create_symlink("/nonexistent.so", one.path() / "dangling.so");
    two.add("good");
    two.add("X/Y");
    two.write("text.so", "no plugin either");
  }
  std::string run(ListOptions options, int expected = 0) {
    std::ostringstream out;
    BOOST_TEST(list_plugins(path, options, out) == expected);
    return out.str();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(list_plugins_suite)

BOOST_AUTO_TEST_CASE(every_file_is_in_one_state) {
  Zoo z;
  const auto json = Json::parse(z.run({.json = true}));
  std::map<std::string, std::string> states, reasons;
  for (const auto& plugin : json["plugins"]) {
    const auto file = plugin["file"].get<std::string>();
    const auto name = (file.starts_with(z.one.path().string()) ? "1/" : "2/") + plugin["name"].get<std::string>();
    BOOST_TEST(states.count(name) == 0U);
    states[name] = plugin["state"];
    reasons[name] = plugin["reason"];
  }
  const std::map<std::string, std::string> expected{{"1/good", "ok"},
                                                    {"1/wrong_torch", "incompatible"},
                                                    {"1/wrong_sdk", "incompatible"},
                                                    {"1/arm", "incompatible"},
                                                    {"1/wrong_kind_abi", "ok"},
                                                    {"1/name_mismatch", "not loadable"},
                                                    {"1/throws_in_register", "not loadable"},
                                                    {"1/double_name", "not loadable"},
                                                    {"1/missing_symbol", "not loadable"},
                                                    {"1/cut_off", "not loadable"},
                                                    {"1/dangling", "not loadable"},
                                                    {"1/crashes_in_static_init", "crashed"},
                                                    {"2/good", "shadowed"},
                                                    {"2/X.Y", "ok"}};
  for (const auto& [name, state] : expected)
    BOOST_TEST(states[name] == state, name << ": " << states[name] << ": " << reasons[name]);
  BOOST_TEST(states.size() == expected.size());
  for (const auto& [name, state] : states) BOOST_TEST((state == "ok") == reasons[name].empty(), name);
  BOOST_TEST(zoo::has(reasons["1/cut_off"], "build or copy it again"));
  BOOST_TEST(zoo::has(reasons["1/arm"], "built for architecture AArch64, this dlhost runs x86-64"));
  BOOST_TEST(zoo::has(reasons["1/dangling"], "can't be read: No such file"));
  BOOST_TEST(zoo::has(reasons["2/good"], "by " + (z.one.path() / "good.so").string()));
}

BOOST_AUTO_TEST_CASE(json_has_classes_and_stamps) {
  Zoo z;
  const auto json = Json::parse(z.run({.json = true}));
  for (const auto& plugin : json["plugins"]) {
    if (plugin["name"] == "wrong_torch") BOOST_TEST(plugin["torch"].get<std::string>() == "1.13.1");
    if (plugin["name"] == "wrong_kind_abi") BOOST_TEST(plugin["refused"].size() == 2U);
    if (plugin["name"] != "good" || plugin["state"] != "ok") continue;
    BOOST_TEST(plugin["version"].get<std::string>() == "1.2.3");
    BOOST_REQUIRE_EQUAL(plugin["classes"].size(), 3U);
    BOOST_TEST(plugin["classes"][0]["name"].get<std::string>() == "Scale");
    BOOST_TEST(plugin["classes"][0]["kind"].get<std::string>() == "loss");
    BOOST_TEST(zoo::has(plugin["classes"][0]["doc"], "A second line"));
  }
}

BOOST_AUTO_TEST_CASE(text_for_people) {
  Zoo z;
  const auto text = z.run({});
  BOOST_TEST_MESSAGE(text);
  BOOST_TEST(zoo::has(text, "good 1.2.3"));
  BOOST_TEST(zoo::has(text, "The prediction, scaled."));
  BOOST_TEST(text.find("A second line") == std::string::npos);
  BOOST_TEST(
      zoo::has(text, "14 plugins: 3 ok, 3 incompatible, 6 not loadable, 1 crashed, 1 shadowed, 2 classes refused"));
  BOOST_TEST(zoo::has(text, "3 files there are no plugins (-v shows)"));
  BOOST_TEST(text.find("no_section") == std::string::npos);
  BOOST_TEST(text.find('\033') == std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("/")) BOOST_TEST(columns(line) <= 100U, line);
}

BOOST_AUTO_TEST_CASE(verbose_shows_what_is_no_plugin) {
  Zoo z;
  const auto text = z.run({.verbose = true});
  BOOST_TEST(zoo::has(text, "no section .dlhost: it has no DL_PLUGIN"));
  BOOST_TEST(zoo::has(text, "not an ELF file"));
  BOOST_TEST(Json::parse(z.run({.verbose = true, .json = true}))["plugins"].size() == 17U);
}

BOOST_AUTO_TEST_CASE(color_only_where_asked) {
  Zoo z;
  BOOST_TEST(zoo::has(z.run({.color = true}), "\033[32mok\033[0m"));
}

BOOST_AUTO_TEST_CASE(strict) {
  Zoo z;
  z.run({.strict = true}, 3);
  // Shadowed files and files that are no plugins break nothing.
  Zoo fine;
  for (const auto& entry : std::filesystem::directory_iterator(fine.one.path()))
    if (const auto name = entry.path().stem(); name != "good" && name != "no_section" && name != "text")
      std::filesystem::remove(entry.path());
  const auto text = fine.run({.strict = true}, 0);
  BOOST_TEST(zoo::has(text, "3 plugins: 2 ok, 1 shadowed"));
  // One refused class does.
  fine.one.add("wrong_kind_abi");
  fine.run({.strict = true}, 3);
}

BOOST_AUTO_TEST_CASE(an_empty_path) {
  std::ostringstream out;
  BOOST_TEST(list_plugins({}, {}, out) == 0);
  BOOST_TEST(zoo::has(out.str(), "The plugin path is empty."));
  const zoo::TempFolder empty;
  BOOST_TEST(list_plugins({empty.path()}, {}, out) == 0);
  BOOST_TEST(zoo::has(out.str(), "no plugins\n0 plugins\n"));
}

BOOST_AUTO_TEST_SUITE_END()
