#pragma once
#include "dl/tensor.h"

namespace metrics {

/// Throws Error unless prediction is [B, K] and target int64 [B].
void require_class_scores(const char* metric, const dl::Tensor& prediction, const dl::Tensor& target);

}  // namespace metrics
