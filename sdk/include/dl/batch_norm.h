#pragma once
#include <torch/nn/modules/batchnorm.h>

#include <memory>
#include <string>

#include "dl/communicator.h"
#include "dl/tensor.h"

namespace dl {

/// What all synchronised batch norms of a run share: made by the host.
struct BatchNormSync {
  Communicator& communicator;
  /// Batch::padding of the micro-batch under way, forward and backward: rows that count as none.
  bool padding = false;
};

/// What dl::BatchNorm1d, 2d and 3d are beside a torch::nn::Module. Training thread.
///
/// Synchronised (Ioffe and Szegedy 2015 over the batch of all ranks, as torch.nn.SyncBatchNorm): in training mode the
/// mean and the variance are those of all ranks' rows, each rank weighted by its rows, and the backward pass sums what
/// it needs over ranks too. Statistics are combined in float64 and in rank order: the same bits on all ranks, which so
/// keep equal running statistics. All ranks must run the same synchronised layers in the same order, forward and
/// backward, with at least two values a channel among them. A gradient of a gradient throws Error. In evaluation mode,
/// and with one rank, nothing is communicated.
class DL_API BatchNormLayer {
 public:
  virtual ~BatchNormLayer();

  /// From now on over the ranks of `sync`; null: over this rank's rows alone. `name` stands in messages. The host calls
  /// it, where the config has `[engine] sync_batchnorm = true`.
  void synchronize(std::shared_ptr<const BatchNormSync> sync, std::string name);

  /// With false, training mode normalises as ever but leaves running_mean, running_var and num_batches_tracked alone.
  /// For who runs a forward pass a second time, as activation checkpointing does (see UnitRunner): it switches the
  /// layers of the unit off around the second run and then on again, so that a batch is counted once. A batch norm of
  /// torch::nn counts it twice (PyTorch's, too, under torch.utils.checkpoint): its buffers must be put back, or the
  /// unit refused. Synchronised layers communicate in the second run as in the first.
  void update_running_stats(bool on) { updates_ = on; }

 protected:
  struct State {
    const torch::nn::BatchNormOptions& options;
    const Tensor &weight, &bias, &running_mean, &running_var, &num_batches_tracked;  ///< undefined where switched off
  };
  /// torch::nn's own forward does what is asked.
  bool plain(bool training) const;
  /// In training mode, what torch::nn's can't do.
  Tensor normalize(const Tensor& x, const State& state) const;
  /// Throws Error on an `x` that has not `dimensions` dimensions beside N and C (with 1, [N, C] is right, too).
  static void check_dimensions(const Tensor& x, size_t dimensions);

 private:
  bool synchronized() const;

  std::shared_ptr<const BatchNormSync> sync_;
  std::string name_;
  bool updates_ = true;
};

/// torch::nn::BatchNorm*d with the same options, parameters and buffers, and at the same speed, that a host can
/// synchronise over ranks: torch::nn's own forward is not virtual.
template <size_t D, class Derived>
class BatchNormBase : public torch::nn::BatchNormImplBase<D, Derived>, public BatchNormLayer {
  using Torch = torch::nn::BatchNormImplBase<D, Derived>;

 public:
  using Torch::Torch;
  /// x [N, C, …] to the same shape, dtype and memory format.
  Tensor forward(const Tensor& x) {
    if (plain(this->is_training())) return Torch::forward(x);
    check_dimensions(x, D);
    return normalize(
        x, {this->options, this->weight, this->bias, this->running_mean, this->running_var, this->num_batches_tracked});
  }

 protected:
  void _check_input_dim(const Tensor& x) override { check_dimensions(x, D); }
};

class BatchNorm1dImpl : public BatchNormBase<1, BatchNorm1dImpl> {
  using BatchNormBase::BatchNormBase;
};
class BatchNorm2dImpl : public BatchNormBase<2, BatchNorm2dImpl> {
  using BatchNormBase::BatchNormBase;
};
class BatchNorm3dImpl : public BatchNormBase<3, BatchNorm3dImpl> {
  using BatchNormBase::BatchNormBase;
};
TORCH_MODULE(BatchNorm1d);  ///< x [N, C] or [N, C, L]
TORCH_MODULE(BatchNorm2d);  ///< x [N, C, H, W]
TORCH_MODULE(BatchNorm3d);  ///< x [N, C, D, H, W]

}  // namespace dl
