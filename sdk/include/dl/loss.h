#pragma once
#include "dl/kind.h"
#include "dl/tensor.h"

namespace dl {

/// A scalar from prediction and target.
class DL_API Loss {
 public:
  using Interface = Loss;
  using Context = void;
  static constexpr Kind kKind = Kind::loss;
  static constexpr uint32_t kAbi = 1;
  virtual ~Loss();
  /// A scalar: the mean over this rank's micro-batch. Shapes and dtypes as the class's doc states, batch first.
  virtual Tensor operator()(const Tensor& prediction, const Tensor& target) = 0;
};

}  // namespace dl
