#pragma once
#include "dl/optimizer.h"

namespace pytorch {

/// Throws Error where the optimizer, whose rate is `base`, has no momentum that the schedule `scheduler` could cycle.
void require_momentum(const char* scheduler, const dl::Rate& base);

}  // namespace pytorch
