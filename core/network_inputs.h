#pragma once
#include "core/objects.h"

namespace dl::host {

/// What the task gives to the network `name`, for a batch of two samples of the data: it predicts and, where that does
/// not call the network, evaluates or takes a training step without the update. One rank; networks in evaluation mode.
/// Throws Error where none of them calls it.
Tensors inputs_of_network(const Plan& plan, const Registry& registry, Objects& objects, const std::string& name);

}  // namespace dl::host
