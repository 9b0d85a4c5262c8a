#pragma once
#include <cstdlib>

namespace dl::test {

/// `seconds`, or as many times more as a sanitizer slows programs down (cmake/DlhostTest.cmake).
inline double time_limit(double seconds) {
  const char* slowdown = std::getenv("DL_TEST_SLOWDOWN");
  return slowdown != nullptr ? seconds * std::atof(slowdown) : seconds;
}

}  // namespace dl::test
