#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "dl/communicator.h"

namespace parallel {

/// Gradients that are summed over the ranks together.
class Reduction {
 public:
  virtual ~Reduction() = default;
  /// All gradients that it waits for are there.
  virtual bool full() const = 0;
  /// What sums them, to be called once; from now on they are under way.
  virtual std::function<void(dl::Communicator&)> start() = 0;
};

/// Runs the reductions of an update in one fixed order that is the same on all ranks: one is started only after those
/// before it, however early its gradients are there. With overlap or without, the same reductions: the same bits.
/// Training thread, or autograd's.
class ReductionQueue {
 public:
  /// `most_under_way`: with overlap, more are not begun before the oldest is done; what they hold is bounded so.
  ReductionQueue(dl::Communicator& communicator, bool overlap, size_t most_under_way);

  /// What is to be reduced from now on.
  void begin(std::vector<Reduction*> order);
  bool overlap() const { return overlap_; }
  /// Runs, or with overlap starts, each next one in line that is full.
  void start_full();
  /// Runs all that are left, full or not, and returns when everything is done.
  void finish();

 private:
  void start(Reduction& reduction);

  dl::Communicator& communicator_;
  const bool overlap_;
  const size_t most_under_way_;
  std::vector<Reduction*> order_;
  size_t next_ = 0;
  std::vector<std::shared_ptr<dl::Work>> under_way_;
};

}  // namespace parallel
