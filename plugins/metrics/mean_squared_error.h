#pragma once
#include "dl/metric.h"
#include "dl/schema.h"

namespace metrics {

/// The mean of the squared differences over all elements. Prediction and target: of one shape [B, …]. Logs "mse".
/// State: [sum of squares, elements], summed in float64.
class MeanSquaredError : public dl::Metric {
 public:
  using Options = dl::NoOptions;
  static dl::Schema<Options> schema();
  explicit MeanSquaredError(const Options&) {}

  /// Throws Error where the shapes differ.
  dl::Tensor update(const dl::Tensor& prediction, const dl::Tensor& target) const override;
  std::vector<std::pair<std::string, double>> compute(const dl::Tensor& total) const override;
};

}  // namespace metrics
