#pragma once
#include <array>

namespace dl::host {

/// What a rank may ask of all ranks at a step. Asked with the totals of the step's first update, which are reduced over
/// ranks anyway: after the step all of them know what any of them asked, and act alike.
struct StepRequests {
  enum Kind { stop, time_over, validate, save, writing, kinds };
  std::array<bool, kinds> asked{};   ///< by this rank, for the next step
  std::array<bool, kinds> agreed{};  ///< by any rank, at the last step
};

}  // namespace dl::host
