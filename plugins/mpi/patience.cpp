#include "patience.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace mpi {

namespace {

constexpr std::chrono::duration<double> kYields(0.005), kLongestSleep(0.002);

}  // namespace

void Patience::give_way() {
  const auto now = Clock::now();
  if (waited_.count() < 0) began_ = now;
  waited_ = now - began_;
  if (yields_ && waited_ < kYields)
    sched_yield();
  else
    std::this_thread::sleep_for(std::min(waited_ / 64, kLongestSleep));
}

}  // namespace mpi
