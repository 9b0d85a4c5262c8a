#pragma once
#include "core/plan.h"

namespace dl::host {

/// What can only be judged when every class of `plan` is known: the roles that the task needs, what the classes can
/// work with (their Traits) against precision, device and each other, and num_nodes and gpus against what the launcher
/// says.
void check_plan(const Plan& plan, const Value& config, const Registry& registry, const Launch& launch,
                Problems& problems);

}  // namespace dl::host
