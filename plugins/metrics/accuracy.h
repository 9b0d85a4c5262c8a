#pragma once
#include "dl/metric.h"
#include "dl/schema.h"

namespace metrics {

/// The share of samples whose class is among the `top_k` largest predictions. Prediction: scores [B, K]; target:
/// classes, int64 [B]. Logs "accuracy", or "accuracy_top5" for top_k = 5. State: [correct, total].
class Accuracy : public dl::Metric {
 public:
  struct Options {
    int64_t top_k = 1;
  };
  static dl::Schema<Options> schema();
  explicit Accuracy(const Options& options) : options_(options) {}

  /// Throws Error on other shapes, or fewer classes than top_k.
  dl::Tensor update(const dl::Tensor& prediction, const dl::Tensor& target) const override;
  std::vector<std::pair<std::string, double>> compute(const dl::Tensor& total) const override;

 private:
  Options options_;
};

}  // namespace metrics
