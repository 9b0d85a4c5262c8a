#pragma once
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

namespace support {

/// |found - expected| <= relative * |expected| + absolute for every number; the first that isn't is reported.
inline void check_close(const std::vector<double>& found, const std::vector<double>& expected, double relative,
                        double absolute = 0) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  BOOST_REQUIRE(!expected.empty());
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(found[i] - expected[i]);
    if (error <= relative * std::abs(expected[i]) + absolute) continue;
    BOOST_ERROR("number " << i << ": found " << found[i] << ", expected " << expected[i] << ", off by " << error);
    return;
  }
}

/// A predicate for BOOST_CHECK_EXCEPTION: the message has all of `parts`.
inline auto says(std::vector<std::string> parts) {
  return [parts = std::move(parts)](const std::exception& error) {
    bool all = true;
    for (const auto& part : parts) {
      if (std::string(error.what()).find(part) != std::string::npos) continue;
      BOOST_TEST_MESSAGE("no \"" << part << "\" in: " << error.what());
      all = false;
    }
    return all;
  };
}

}  // namespace support
