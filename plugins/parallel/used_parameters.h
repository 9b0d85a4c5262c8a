#pragma once
#include <span>
#include <vector>

#include "dl/communicator.h"

namespace parallel {

/// Sums `totals` over ranks, and makes `used` true where it is on any rank. One small all-reduce; a second one only
/// where a rank did not use a parameter. All ranks.
void agree_on_used(dl::Communicator& control, std::vector<bool>& used, std::span<double> totals);

}  // namespace parallel
