#include "patience.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace mpi {

namespace {

constexpr std::chrono::duration<double> kSpins(100e-6), kYields(0.005), kLongestSleep(0.002);

}  // namespace

bool Patience::goes_on_spinning() {
  const auto now = Clock::now();
  if (looks_ == kLooksAtOnce) began_ = now;
  return !yields_ && now - began_ < kSpins;
}

void Patience::give_way() {
  waited_ = Clock::now() - began_;
  if (yields_ && waited_ < kYields)
    sched_yield();
  else
    std::this_thread::sleep_for(std::min(waited_ / 64, kLongestSleep));
}

}  // namespace mpi
