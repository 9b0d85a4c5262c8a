#pragma once
#include "dl/tensor.h"

namespace vision {

/// `x_BCHW`, on a CPU with the channels innermost in memory, and so all that is computed from it: LibTorch's max-pool,
/// batch norm and convolutions are faster there. Same shape, same values.
dl::Tensor channels_last(const dl::Tensor& x_BCHW);

}  // namespace vision
