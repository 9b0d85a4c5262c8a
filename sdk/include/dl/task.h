#pragma once
#include <functional>
#include <string_view>

#include "dl/data.h"
#include "dl/loss.h"
#include "dl/network.h"

namespace dl {

/// The loss of one micro-batch, and how much it counts.
struct StepLoss {
  Tensor loss;        ///< scalar: a mean over this rank's micro-batch
  double weight = 1;  ///< of what it is the mean: samples, or tokens. Windows and ranks are averaged by it.
};

/// The host's side of one training step: one window of micro-batches. Training thread, all ranks.
class DL_API Step {
 public:
  virtual ~Step();
  /// One update of the optimizer named `optimizer`: zeroes its gradients, calls `loss` for each micro-batch of the
  /// window with a backward pass after each, reduces over ranks, clips, steps, schedules. Only the networks of that
  /// optimizer get gradients meanwhile. All ranks call it in the same order.
  virtual void update(std::string_view optimizer, const std::function<StepLoss(const Batch&)>& loss) = 0;
  void update(const std::function<StepLoss(const Batch&)>& loss) { update("main", loss); }
  /// Logs `train_<name>`: the weighted mean over micro-batches, ranks, and the steps between two log lines. `mean` is a
  /// scalar; it is not waited for.
  virtual void log(std::string_view name, const Tensor& mean, double weight) = 0;
  virtual int64_t index() const = 0;  ///< windows before this one
  virtual int64_t epoch() const = 0;
  /// The generator for `purpose` and the sample `index` at this step: the same on any rank count.
  virtual Rng rng(std::string_view purpose, int64_t index) const = 0;
};

/// The host's side of one evaluation batch. Training thread, all ranks; no gradients, networks in eval mode.
class DL_API Evaluation {
 public:
  virtual ~Evaluation();
  /// Logs `val_<name>` or `test_<name>`: the mean over the split, weighted by `weight` (samples, or tokens).
  virtual void log(std::string_view name, const Tensor& mean, double weight) = 0;
  /// Hands prediction and target to every metric of the config.
  virtual void metrics(const Tensor& prediction, const Tensor& target) = 0;
};

/// What the config gave the task, by role name. References live as long as the task.
class DL_API Resources {
 public:
  virtual ~Resources();
  virtual Network& network(std::string_view role = "main") = 0;
  virtual Loss& loss(std::string_view role = "main") = 0;
  virtual at::Device device() const = 0;
};

/// What a training, an evaluation and a prediction step are. Declares the roles it needs in its schema.
/// Constructor: `(const Options&, dl::Resources&)`.
class DL_API Task {
 public:
  using Interface = Task;
  using Context = Resources;
  static constexpr Kind kKind = Kind::task;
  static constexpr uint32_t kAbi = 1;
  virtual ~Task();
  /// Calls step.update() at least once.
  virtual void train_step(Step& step) = 0;
  virtual void eval_step(const Batch& batch, Evaluation& evaluation) = 0;
  /// Named outputs [B, …] for the batch's inputs; the batch has no targets. No gradients.
  virtual std::vector<NamedTensor> predict(const Batch& batch) = 0;
};

}  // namespace dl
