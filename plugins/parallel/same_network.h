#pragma once
#include <span>
#include <string>

#include "dl/communicator.h"
#include "module_tensors.h"

namespace parallel {

/// Throws dl::Error, on all ranks, unless all have the same tensors: names, shapes, dtypes, trainable or not. Without
/// this a difference would end in a collective that hangs or mixes up parameters. Collective.
void check_same_network(dl::Communicator& control, const std::string& network, std::span<const ModuleTensor> tensors);

}  // namespace parallel
