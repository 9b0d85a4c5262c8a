#pragma once
#include "core/plan.h"
#include "core/registry.h"

namespace dl::host {

/// `[engine]` of `plan.settings`: the device, the backend, the communicators and the precision. What is wrong goes to
/// `problems`.
void plan_engine(Plan& plan, Registry& registry, const Launch& launch, Problems& problems);

}  // namespace dl::host
