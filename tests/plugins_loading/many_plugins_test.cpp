#include <boost/test/unit_test.hpp>
#include <chrono>
#include <sstream>

#include "core/list_plugins.h"
#include "core/plugin_scan.h"
#include "zoo.h"

using namespace dl::host;

BOOST_AUTO_TEST_SUITE(many_plugins)

BOOST_AUTO_TEST_CASE(thirty_plugins) {
  // Thirty files, each loadable under its own name.
  const zoo::TempFolder temp;
  const auto good = zoo::read(zoo::file("good"));
  const std::string name("name=good", 10);
  for (int i = 0; i < 30; ++i) {
    auto bytes = good;
    const auto own = "g" + std::string(1, static_cast<char>('a' + i / 26)) + static_cast<char>('a' + i % 26) + "d";
    bytes.replace(bytes.find(name) + 5, 4, own);
    temp.write(own + ".so", bytes);
  }
  const auto places = plugin_places({temp.path()});
  BOOST_REQUIRE_EQUAL(places.size(), 30U);

  std::ostringstream out;
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(list_plugins({temp.path()}, {}, out) == 0);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  BOOST_TEST_MESSAGE("list-plugins over 30 files: " << seconds << " s");  // shown, not asserted: machines differ
  BOOST_TEST(zoo::has(out.str(), "30 plugins: 30 ok\n"));
}

BOOST_AUTO_TEST_SUITE_END()
