#include "channels_last.h"

namespace vision {

dl::Tensor channels_last(const dl::Tensor& x_BCHW) {
  if (!x_BCHW.is_cpu()) return x_BCHW;
  if (x_BCHW.size(1) > 1) return x_BCHW.contiguous(at::MemoryFormat::ChannelsLast);
  // With one channel both layouts are the same memory, and LibTorch would take it for the other one: say it by strides.
  return x_BCHW.reshape({-1, x_BCHW.size(2), x_BCHW.size(3), 1}).permute({0, 3, 1, 2});
}

}  // namespace vision
