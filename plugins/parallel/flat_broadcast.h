#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "dl/communicator.h"

namespace parallel {

/// Gives `tensors` rank 0's values on all ranks: packed into messages of about `message_bytes`, whatever their dtypes.
/// Collective; shapes and dtypes are the same on all ranks.
void flat_broadcast(dl::Communicator& communicator, std::span<const dl::Tensor> tensors, int64_t message_bytes,
                    std::string_view what);

}  // namespace parallel
