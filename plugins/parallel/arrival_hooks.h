#pragma once
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "dl/tensor.h"

namespace parallel {

/// Tells when autograd has added a gradient to a leaf: once for each of them in a backward pass that comes by, even if
/// the leaf is used several times. autograd::grad() tells nothing. The calls come on the thread that runs the backward
/// pass of the leaves' device, one at a time.
class ArrivalHooks {
 public:
  /// `has_gradient`: false where autograd came by without one.
  using Arrived = std::function<void(size_t index, bool has_gradient)>;
  ArrivalHooks(std::span<const dl::Tensor> leaves, Arrived arrived);
  ~ArrivalHooks();
  ArrivalHooks(const ArrivalHooks&) = delete;
  ArrivalHooks& operator=(const ArrivalHooks&) = delete;

 private:
  class Hook;
  using Accumulator = decltype(torch::autograd::impl::grad_accumulator(std::declval<const dl::Tensor&>()));

  const Arrived arrived_;
  std::vector<std::pair<Accumulator, uintptr_t>> hooks_;  // autograd itself holds the accumulators weakly
};

}  // namespace parallel
