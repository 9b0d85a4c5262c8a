#pragma once
#include <span>

#include "core/settings.h"
#include "dl/communicator.h"
#include "dl/optimizer.h"

namespace dl::host {

/// The L2 norm of all gradients together, as torch.nn.utils.get_total_norm. `control`: given where the parameters are
/// pieces, to sum over ranks (all ranks call it then); null otherwise. No autograd.
double gradient_norm(std::span<Param* const> params, Communicator* control);

/// The factor of torch.nn.utils.clip_grad_norm_: max_norm / (norm + 1e-6), at most 1.
double clip_factor(double norm, double max_norm);

}  // namespace dl::host
