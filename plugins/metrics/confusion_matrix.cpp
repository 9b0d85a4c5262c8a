#include "confusion_matrix.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "class_scores.h"
#include "dl/error.h"

namespace metrics {

dl::Schema<ConfusionMatrix::Options> ConfusionMatrix::schema() {
  return dl::Schema<Options>("Mean recall and mean F1 over classes. Scores [B, K], classes int64 [B].")
      .field("num_classes", &Options::num_classes, "K; 0: whatever the prediction has", dl::at_least(0));
}

dl::Tensor ConfusionMatrix::update(const dl::Tensor& prediction, const dl::Tensor& target) const {
  require_class_scores("ConfusionMatrix", prediction, target);
  const int64_t classes = prediction.size(1);
  if (options_.num_classes != 0 && options_.num_classes != classes)
    throw dl::Error("ConfusionMatrix: num_classes = " + std::to_string(options_.num_classes) +
                    ", but the prediction has " + std::to_string(classes) + " classes");
  const auto predicted_B = prediction.argmax(1).cpu(), target_B = target.cpu().contiguous();
  const auto *predicted = predicted_B.const_data_ptr<int64_t>(), *expected = target_B.const_data_ptr<int64_t>();
  auto state = at::zeros({classes * classes}, at::kDouble);
  auto* counts = state.mutable_data_ptr<double>();
  for (int64_t i = 0; i < target_B.numel(); ++i) {
    if (expected[i] < 0 || expected[i] >= classes)
      throw dl::Error("ConfusionMatrix: target " + std::to_string(expected[i]) + " is not in [0, " +
                      std::to_string(classes - 1) + "]");
    counts[expected[i] * classes + predicted[i]] += 1;
  }
  return state;
}

std::vector<std::pair<std::string, double>> ConfusionMatrix::compute(const dl::Tensor& total) const {
  const auto classes = std::llround(std::sqrt(static_cast<double>(total.numel())));
  const auto* counts = total.const_data_ptr<double>();
  double recalls = 0, f1s = 0;
  int64_t in_targets = 0, in_either = 0;
  for (int64_t c = 0; c < classes; ++c) {
    const double hits = counts[c * classes + c];
    double expected = 0, predicted = 0;
    for (int64_t other = 0; other < classes; ++other) {
      expected += counts[c * classes + other];
      predicted += counts[other * classes + c];
    }
    if (expected > 0) {
      ++in_targets;
      recalls += hits / expected;
    }
    if (expected + predicted > 0) {
      ++in_either;
      f1s += 2 * hits / (expected + predicted);
    }
  }
  return {{"balanced_accuracy", recalls / static_cast<double>(in_targets)},
          {"macro_f1", f1s / static_cast<double>(in_either)}};
}

}  // namespace metrics
