#pragma once
#include "dl/tensor.h"

namespace pytorch {

/// Throws Error where the shapes differ. LibTorch would broadcast [B] against [B, 1] to [B, B] and train on nonsense.
void require_same_shape(const char* loss, const dl::Tensor& prediction, const dl::Tensor& target);

}  // namespace pytorch
