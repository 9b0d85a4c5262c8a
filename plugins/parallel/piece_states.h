#pragma once
#include <span>

#include "dl/backend.h"
#include "offload_file.h"
#include "pieces.h"

namespace parallel {

/// Visits the optimizer's states of a network whose ranks hold pieces of them, whole, one at a time: Backend::visit()
/// of type state. `wholes`: the network's trained parameters, for their names, sizes and strides. `params`: this
/// rank's, one for each of `pieces`. Each state is put together from all ranks' pieces, in rank order. `offload`: where
/// they lie, null in memory. All ranks.
void visit_piece_states(const dl::BackendContext& context, std::span<const dl::NamedTensor> wholes,
                        std::span<const Piece> pieces, std::span<dl::Param> params, OffloadFile* offload, bool write,
                        const dl::Backend::Visitor& visitor);

}  // namespace parallel
