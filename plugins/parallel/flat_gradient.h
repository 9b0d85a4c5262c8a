#pragma once
#include <optional>
#include <string>
#include <vector>

#include "flat_parameters.h"
#include "reduction_queue.h"

namespace parallel {

/// The gradients of the parameters of a FlatParameters: whole only from the first that arrives in a backward pass until
/// all have, then summed over the ranks, each of which keeps its piece (reduce-scatter). A further pass of the same
/// update is added to the piece.
class FlatGradient final : public Reduction {
 public:
  /// `wire`: the dtype in which gradients travel; none: the parameters'. `late`: a pass may bring several gradients of
  /// a parameter, so nothing is sent before its end. The reference lives as long.
  FlatGradient(const FlatParameters& parameters, std::optional<at::ScalarType> wire, bool late);

  /// An update begins: no gradient has arrived.
  void begin_update();
  /// A backward pass begins: one gradient is waited for from each parameter that requires grad now.
  void begin_pass();
  /// `.grad` of the parameter goes from autograd to here. Throws Error on a second one in a pass after the first was
  /// sent to the other ranks.
  void arrived(size_t parameter, bool has_gradient, const std::string& name);
  bool full() const override { return missing_ == 0 && !late_ && !parameters_.awaits_pass(); }
  /// Whether any gradient is waited for, or has come, in this pass: the same on all ranks.
  bool expects() const { return expected_ > 0; }
  std::function<void(dl::Communicator&)> start() override;

  /// Whether this rank got a gradient in this update, by parameter.
  const std::vector<bool>& used() const { return used_; }
  /// This rank's part of the sum; valid once the last pass is reduced.
  const dl::Tensor& piece() const { return piece_; }

 private:
  const FlatParameters& parameters_;
  const std::optional<at::ScalarType> wire_;
  const bool late_;
  dl::Tensor piece_, whole_;
  std::vector<bool> used_, arrived_, filled_;
  size_t expected_ = 0, missing_ = 0;
  bool started_ = false, reduced_before_ = false;
};

}  // namespace parallel
