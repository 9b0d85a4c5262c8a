#include "accuracy.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/topk.h>

#include "class_scores.h"
#include "dl/error.h"

namespace metrics {

dl::Schema<Accuracy::Options> Accuracy::schema() {
  return dl::Schema<Options>("Share of samples classified right. Scores [B, K], classes int64 [B].")
      .field("top_k", &Options::top_k, "right if the class is among the k largest scores", dl::at_least(1));
}

dl::Tensor Accuracy::update(const dl::Tensor& prediction, const dl::Tensor& target) const {
  require_class_scores("Accuracy", prediction, target);
  if (prediction.size(1) < options_.top_k)
    throw dl::Error("Accuracy: top_k = " + std::to_string(options_.top_k) + ", but the prediction has only " +
                    std::to_string(prediction.size(1)) + " classes");
  const auto hits = options_.top_k == 1 ? prediction.argmax(1).eq(target)
                                        : std::get<1>(prediction.topk(options_.top_k, 1)).eq(target.unsqueeze(1));
  auto state = at::empty({2}, at::kDouble);
  auto* values = state.mutable_data_ptr<double>();
  values[0] = hits.sum().item<double>();
  values[1] = static_cast<double>(target.numel());
  return state;
}

std::vector<std::pair<std::string, double>> Accuracy::compute(const dl::Tensor& total) const {
  const auto* values = total.const_data_ptr<double>();
  const auto name = options_.top_k == 1 ? "accuracy" : "accuracy_top" + std::to_string(options_.top_k);
  return {{name, values[0] / values[1]}};
}

}  // namespace metrics
