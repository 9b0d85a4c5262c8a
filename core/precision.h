#pragma once
#include "core/plan.h"

namespace dl::host {

/// Sets `plan.dtype` and `plan.autocast` from `[engine] precision`: a number, or one of the names, Lightning's among
/// them. False, and nothing set, where it is none of these.
bool read_precision(const Value& value, Plan& plan);

/// The values that the config may have, for messages.
std::string known_precisions();

/// The precision whose parameters are of `dtype`, for messages.
std::string precision_of(at::ScalarType dtype);

}  // namespace dl::host
