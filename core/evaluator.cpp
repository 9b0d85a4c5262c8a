#include "core/evaluator.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "core/autocast.h"
#include "core/prefetcher.h"
#include "dl/error.h"

namespace dl::host {
namespace {

/// Collects one batch's results as a row: for each logged name the weighted value and the weight, then the metrics'
/// states.
class BatchResult final : public Evaluation {
 public:
  explicit BatchResult(const std::vector<std::shared_ptr<Metric>>& metrics) : metrics_(metrics) {}

  void log(std::string_view name, const Tensor& mean, double weight) override {
    names.emplace_back(name);
    const auto value = mean.detach().to(at::kCPU, at::kDouble).reshape({1});
    logged.push_back(at::cat({value * weight, at::tensor({weight}, at::kDouble)}));
  }
  void metrics(const Tensor& prediction, const Tensor& target) override {
    for (const auto& metric : metrics_) states.push_back(metric->update(prediction, target));
  }
  Tensor row() const {
    Tensors parts = logged;
    parts.insert(parts.end(), states.begin(), states.end());
    return parts.empty() ? at::empty({0}, at::kDouble) : at::cat(parts);
  }

  std::vector<std::string> names;
  Tensors logged, states;

 private:
  const std::vector<std::shared_ptr<Metric>>& metrics_;
};

}  // namespace

Evaluator::Evaluator(Task& task, std::vector<std::shared_ptr<Metric>> metrics, Communicator& control,
                     int64_t batch_size, int64_t workers, std::optional<at::ScalarType> autocast)
    : task_(task),
      metrics_(std::move(metrics)),
      control_(control),
      batch_size_(batch_size),
      workers_(workers),
      autocast_(autocast) {}

Metrics Evaluator::run(const BatchSource& source, const std::string& prefix, int64_t limit) const {
  const at::NoGradGuard no_grad;
  const int64_t samples = source.size();
  const int64_t all_batches = (samples + batch_size_ - 1) / batch_size_;
  const int64_t batches = limit > 0 ? std::min(limit, all_batches) : all_batches;
  const int64_t ranks = control_.size();
  const int64_t rank = control_.rank();
  const int64_t rounds = (batches + ranks - 1) / ranks;
  if (batches == 0) throw Error("the " + to_string(source.split()) + " split is empty");

  Prefetcher prefetcher(
      [&](int64_t round) {
        const int64_t own = round * ranks + rank;
        const int64_t begin = (own < batches ? own : 0) * batch_size_;
        std::vector<int64_t> indices(static_cast<size_t>(std::min(batch_size_, samples - begin)));
        std::iota(indices.begin(), indices.end(), begin);
        return source.make(std::move(indices), 0, own >= batches);
      },
      rounds, workers_, source.device());

  const Autocast::Cache casts;
  Tensors rows;
  std::unique_ptr<BatchResult> layout;
  for (int64_t round = 0; round < rounds; ++round) {
    const auto batch = prefetcher.next();
    auto result = std::make_unique<BatchResult>(metrics_);
    {
      const Autocast autocast(autocast_, batch[0].device().type());
      task_.eval_step(batch, *result);
    }
    auto row = result->row();
    if (layout && (layout->names != result->names || layout->row().numel() != row.numel()))
      throw Error("eval_step() logged other names or metric states of another length than for the first batch");
    if (!batch.padding) rows.push_back(row.unsqueeze(0));
    if (!layout) layout = std::move(result);
  }
  const auto width = layout->row().numel();
  const auto own = rows.empty() ? at::empty({0, width}, at::kDouble) : at::cat(rows);
  const auto all = ranks > 1 ? control_.all_gather_rows(own, prefix + "results") : own;

  // Rank r sent the batches r, r + N, r + 2N, …: back to batch order.
  std::vector<int64_t> first(static_cast<size_t>(ranks) + 1, 0);
  for (int64_t r = 0; r < ranks; ++r)
    first[static_cast<size_t>(r) + 1] = first[static_cast<size_t>(r)] + (batches - r + ranks - 1) / ranks;
  std::vector<double> sums(2 * layout->names.size(), 0.0);
  Tensors totals;
  for (int64_t batch = 0; batch < batches; ++batch) {
    const auto row = all[first[static_cast<size_t>(batch % ranks)] + batch / ranks];
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += row.const_data_ptr<double>()[i];
    auto offset = static_cast<int64_t>(sums.size());
    for (size_t i = 0; i < layout->states.size(); ++i) {
      const auto state = row.narrow(0, offset, layout->states[i].numel());
      offset += state.numel();
      if (batch == 0)
        totals.push_back(state.clone());
      else
        metrics_[i % metrics_.size()]->merge(totals[i], state);
    }
  }

  Metrics results;
  for (size_t i = 0; i < layout->names.size(); ++i)
    if (sums[2 * i + 1] != 0) results.emplace_back(prefix + layout->names[i], sums[2 * i] / sums[2 * i + 1]);
  for (size_t i = 0; i < totals.size(); ++i)
    for (const auto& [name, value] : metrics_[i % metrics_.size()]->compute(totals[i]))
      results.emplace_back(prefix + name, value);
  return results;
}

}  // namespace dl::host
