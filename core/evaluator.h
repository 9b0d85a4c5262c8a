#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/batch_source.h"
#include "core/metrics.h"
#include "dl/communicator.h"
#include "dl/metric.h"
#include "dl/task.h"

namespace dl::host {

/// Evaluates a split: batch b is rank b mod N's, and the batches' results are merged in batch order in float64 on every
/// rank. So each sample counts once and the numbers are the same for any rank count, by construction.
/// Ranks that have no batch left run the first one for company (backends may communicate in the forward pass).
class Evaluator {
 public:
  Evaluator(Task& task, std::vector<std::shared_ptr<Metric>> metrics, Communicator& control, int64_t batch_size,
            int64_t workers, std::optional<at::ScalarType> autocast = std::nullopt);

  /// Names with `prefix` ("val_", "test_") in front. All ranks; networks are in eval mode, no gradients are kept.
  /// `limit` batches at most; 0: all.
  Metrics run(const BatchSource& source, const std::string& prefix, int64_t limit = 0) const;

 private:
  Task& task_;
  std::vector<std::shared_ptr<Metric>> metrics_;
  Communicator& control_;
  int64_t batch_size_;
  int64_t workers_;
  std::optional<at::ScalarType> autocast_;
};

}  // namespace dl::host
