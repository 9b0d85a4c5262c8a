#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <sstream>

#include "core/list_plugins.h"
#include "core/plugin_scan.h"
#include "zoo.h"

using namespace dl::host;

namespace {

/// The best of three, in milliseconds: other work on the machine only adds.
double best_of_three(const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scan_speed)

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

  const auto stamps = best_of_three([&] {
    for (const auto& place : places)
      if (read_plugin_file(place.file).type != PluginFile::Type::plugin) BOOST_FAIL(place.file);
  });
  const auto listing = best_of_three([&] {
    std::ostringstream out;
    list_plugins({temp.path()}, {}, out);
    if (out.str().find("30 plugins: 30 ok") == std::string::npos) BOOST_FAIL(out.str());
  });
  BOOST_TEST_MESSAGE("30 stamps: " << stamps << " ms; list-plugins over 30 files: " << listing << " ms");
  BOOST_TEST(stamps < 100);
  BOOST_TEST(listing < 1000);
}

BOOST_AUTO_TEST_SUITE_END()
