#pragma once
#include "dl/data.h"

namespace dl {

/// Sample to sample, on the CPU, on a loader thread; several threads call one object at once.
class DL_API Transform {
 public:
  using Interface = Transform;
  using Context = void;
  static constexpr Kind kKind = Kind::transform;
  static constexpr uint32_t kAbi = 1;
  virtual ~Transform();
  /// All randomness comes from `rng`, a function of (seed, epoch, sample index). Throws Error on a field it can't take.
  virtual Sample apply(Sample sample, Rng& rng) const = 0;
};

}  // namespace dl
