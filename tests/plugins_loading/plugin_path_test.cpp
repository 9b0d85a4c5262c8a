#include "core/plugin_path.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "zoo.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

/// Sets the variable for as long as the object lives.
class PathVariable {
 public:
  explicit PathVariable(const std::string& value) { ::setenv("DLHOST_PLUGIN_PATH", value.c_str(), 1); }
  ~PathVariable() { ::unsetenv("DLHOST_PLUGIN_PATH"); }
};

Value config(Value::List folders, const std::string& file) {
  for (auto& folder : folders) folder.place = {file, 3, 9};
  Value out;
  out.at("plugins").at("path") = Value(std::move(folders));
  return out;
}

std::vector<std::string> names(const std::vector<fs::path>& path) {
  std::vector<std::string> out;
  for (const auto& place : plugin_places(path))
    out.push_back(place.name + (place.shadowed_by.empty() ? "" : " shadowed"));
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_path_suite)

BOOST_AUTO_TEST_CASE(order_of_the_sources) {
  const zoo::TempFolder temp;
  for (const char* name : {"cli1", "cli2", "toml", "env1", "env2"}) fs::create_directory(temp.path() / name);
  const auto at = [&](const char* name) { return temp.path() / name; };
  const PathVariable variable(at("env1").string() + "::" + at("env2").string() + ":" + at("cli1").string());
  Problems problems;
  auto path = plugin_path({at("cli1"), at("cli2")}, config({"toml"}, temp.path() / "cfg.toml"), problems);
  BOOST_TEST(problems.text() == "");
  if (!path.empty() && path.back() == default_plugin_folder()) path.pop_back();
  BOOST_TEST((path == std::vector<fs::path>{at("cli1"), at("cli2"), at("toml"), at("env1"), at("env2")}));
}

BOOST_AUTO_TEST_CASE(the_default_lies_beside_the_program) {
  const auto program = fs::read_symlink("/proc/self/exe");
  BOOST_TEST(default_plugin_folder() == program.parent_path().parent_path() / "lib/dlhost/plugins");
}

BOOST_AUTO_TEST_CASE(missing_folders_are_reported_with_their_place) {
  const zoo::TempFolder temp;
  const PathVariable variable("/nonexistent/env");
  const auto file = temp.write("file", "").string();
  Problems problems;
  auto path = plugin_path({"/nonexistent/cli", file}, config({"gone"}, (temp.path() / "cfg.toml").string()), problems);
  if (!path.empty() && path.back() == default_plugin_folder()) path.pop_back();
  BOOST_TEST(path.empty());
  const auto text = problems.text();
  BOOST_TEST(problems.list().size() == 4U);
  BOOST_TEST(zoo::has(text, "--plugin-path: the plugin folder /nonexistent/cli does not exist"));
  BOOST_TEST(zoo::has(text, "--plugin-path: the plugin folder " + file + " is not a folder"));
  BOOST_TEST(zoo::has(
      text, "cfg.toml:3:9: [plugins] the plugin folder " + (temp.path() / "gone").string() + " does not exist"));
  BOOST_TEST(zoo::has(text, "DLHOST_PLUGIN_PATH: the plugin folder /nonexistent/env does not exist"));
}

BOOST_AUTO_TEST_CASE(walks_subfolders) {
  const zoo::TempFolder temp;
  for (const char* name : {"b.so", "a.so", "X/Y.so", "X/deep/Z.so", ".hidden/h.so", "libx.so.2", "readme.txt"})
    temp.add("good", name);
  fs::create_directory_symlink(temp.path(), temp.path() / "X" / "loop");
  BOOST_TEST((names({temp.path()}) == Names{"X.Y", "X.deep.Z", "a", "b"}));
}

BOOST_AUTO_TEST_CASE(a_folder_of_the_path_inside_another_is_walked_once) {
  const zoo::TempFolder temp;
  temp.add("good", "outer.so");
  temp.add("good", "lib/inner.so");
  BOOST_TEST((names({temp.path(), temp.path() / "lib"}) == Names{"outer", "inner"}));
}

BOOST_AUTO_TEST_CASE(the_first_hit_wins) {
  const zoo::TempFolder one, two, three;
  one.write("v.so", "a text takes no plugin's name away");
  two.add("good", "v.so");
  three.add("good", "v.so");
  three.add("good", "X/Y.so");
  const std::vector<fs::path> path{one.path(), two.path(), three.path()};
  BOOST_TEST((names(path) == Names{"v", "v", "X.Y", "v shadowed"}));
  BOOST_TEST(plugin_places(path).back().shadowed_by == two.path() / "v.so");
  BOOST_TEST(find_plugin(path, "v")->file == two.path() / "v.so");
  BOOST_TEST(find_plugin(path, "X.Y")->file == three.path() / "X/Y.so");
  BOOST_TEST(!find_plugin(path, "X"));
  BOOST_TEST(find_plugin({one.path()}, "v")->file == one.path() / "v.so");
}

BOOST_AUTO_TEST_SUITE_END()
