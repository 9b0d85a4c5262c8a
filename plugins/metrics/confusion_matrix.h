#pragma once
#include "dl/metric.h"
#include "dl/schema.h"

namespace metrics {

/// How often class i was taken for class j, and what follows from it: "balanced_accuracy", the mean recall of the
/// classes that occur in the targets, and "macro_f1", the mean F1 of the classes that occur in targets or predictions
/// (scikit-learn's balanced_accuracy_score and f1_score(average="macro")). Prediction: scores [B, K]; target: classes,
/// int64 [B]. State: counts [K * K], row = target, column = prediction.
class ConfusionMatrix : public dl::Metric {
 public:
  struct Options {
    int64_t num_classes = 0;
  };
  static dl::Schema<Options> schema();
  explicit ConfusionMatrix(const Options& options) : options_(options) {}

  /// Throws Error on other shapes, a number of classes that is not `num_classes`, or a target outside [0, K).
  dl::Tensor update(const dl::Tensor& prediction, const dl::Tensor& target) const override;
  std::vector<std::pair<std::string, double>> compute(const dl::Tensor& total) const override;

 private:
  Options options_;
};

}  // namespace metrics
