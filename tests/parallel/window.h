#pragma once
#include <functional>
#include <string>
#include <vector>

#include "dl/communicator.h"
#include "plugins/parallel/ddp.h"

namespace dl::testing {

/// Rows [begin, end) of a batch.
struct Rows {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// This rank's share of `rows` rows, cut as evenly as can be, the first ranks one more.
Rows share(int64_t rows, const Communicator& communicator);
/// `rows` in `parts` micro-batches.
std::vector<Rows> cut(Rows rows, int parts);

parallel::DDP make_ddp(Communicator& communicator, bool overlap = false, double bucket_mb = 25);

/// The mean over rows of the squared distance to `target`, of rows [B, C].
Tensor squared_error(const Tensor& prediction, const Tensor& target);

/// The loss on some rows of the whole batch: a mean over them.
using LossOnRows = std::function<Tensor(Rows)>;

/// One update on this rank's micro-batches, of `total` rows over all ranks; gradients are then those of the mean over
/// all rows. Returns the sum of rows over micro-batches and ranks.
double update(dl::Backend& ddp, const std::vector<std::string>& networks, const std::vector<Rows>& micro_batches,
              int64_t total, const LossOnRows& loss);

/// Gradients of `module`'s parameters after loss.backward(), in one process, by name; undefined where there is none.
std::vector<NamedTensor> plain_gradients(torch::nn::Module& module, const Tensor& loss);

/// The largest difference of a gradient in `ddp` to the one of that name in `expected`. Throws where one is missing.
double largest_difference(parallel::DDP& ddp, const std::string& network, const std::vector<NamedTensor>& expected);

}  // namespace dl::testing
