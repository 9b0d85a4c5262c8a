#pragma once
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>
#include <vector>

#include "dl/error.h"

/// `call` throws a dl::Error whose text has all of `parts`.
inline void check_error(const std::function<void()>& call, const std::vector<std::string>& parts) {
  try {
    call();
  } catch (const dl::Error& e) {
    for (const auto& part : parts)
      BOOST_TEST(std::string(e.what()).find(part) != std::string::npos,
                 "\"" << e.what() << "\" lacks \"" << part << "\"");
    return;
  }
  BOOST_ERROR("no dl::Error, expected \"" + (parts.empty() ? std::string() : parts[0]) + "\"");
}
