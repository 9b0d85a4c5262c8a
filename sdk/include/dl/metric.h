#pragma once
#include <string>
#include <utility>
#include <vector>

#include "dl/kind.h"
#include "dl/tensor.h"

namespace dl {

/// A measure of a whole split, from mergeable states of its batches. The host merges the states in batch order,
/// whichever rank computed them, so the result is the same number for any rank count. The object itself holds no state.
class DL_API Metric {
 public:
  using Interface = Metric;
  using Context = void;
  static constexpr Kind kKind = Kind::metric;
  static constexpr uint32_t kAbi = 1;
  virtual ~Metric();

  /// The state of one batch: 1-D float64 on the CPU, of the same length for every batch.
  virtual Tensor update(const Tensor& prediction, const Tensor& target) const = 0;
  /// Adds a later batch's state to `total`. Default: the sum, element by element.
  virtual void merge(Tensor& total, const Tensor& state) const;
  /// Names and values, such as {"accuracy", 0.93}; the host puts `val_` or `test_` before each name.
  virtual std::vector<std::pair<std::string, double>> compute(const Tensor& total) const = 0;
};

}  // namespace dl
