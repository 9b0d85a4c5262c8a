#pragma once
#include <span>
#include <vector>

#include "dl/optimizer.h"

namespace pytorch {

/// The parameters in lists of one dtype and device each, which is what a fused kernel takes; empty pieces are left out.
std::vector<std::vector<dl::Param*>> by_type(std::span<dl::Param* const> params);

/// `grad` in the memory layout of `value`: fused kernels walk both as flat memory and don't look at strides.
dl::Tensor laid_out_as(const dl::Tensor& value, const dl::Tensor& grad);

/// param.state(key). Throws Error where the host put a state of another shape, dtype or layout there.
dl::Tensor& state_of(dl::Param& param, const std::string& key);

}  // namespace pytorch
