#pragma once
#include <utility>
#include <vector>

#include "dl/tensor.h"

namespace pytorch {

/// float32 scalars that hold step counts, as fused kernels want them; one for each distinct count. They are only
/// scratch memory, kept from call to call so that a step allocates nothing: the counts themselves are the host's.
class StepTensors {
 public:
  /// A new call: all scalars are free again.
  void begin() { used_ = 0; }
  const dl::Tensor& get(int64_t step, at::Device device);

 private:
  std::vector<std::pair<int64_t, dl::Tensor>> entries_;
  size_t used_ = 0;
};

}  // namespace pytorch
