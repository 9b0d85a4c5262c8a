#pragma once
#include <map>
#include <vector>

#include "dl/network.h"
#include "flat_parameters.h"
#include "unit_boundary.h"

namespace parallel {

/// Leaves every unit whole as it was built; with `on`, its activations are not kept (run_checkpointed()).
class Checkpointing final : public dl::Build, public dl::UnitRunner {
 public:
  explicit Checkpointing(bool on) : on_(on) {}
  void created(dl::UnitState& unit) override;
  dl::Tensors run(dl::UnitState& unit, dl::Tensors inputs,
                  const std::function<dl::Tensors(dl::Tensors)>& forward) override;

  /// `parameters`, among which are some of the unit's, are told of the backward passes of its own that are to come.
  void tell(const dl::UnitState& unit, std::vector<FlatParameters*> parameters);
  /// A backward pass has ended: passes that did not come won't.
  void pass_done();

 private:
  struct Passes final : UnitEvents {
    void enter() override {}
    void leave() override;
    std::vector<FlatParameters*> of;
  };

  const bool on_;
  std::map<const dl::UnitState*, Passes> passes_;  // graphs point at them
};

}  // namespace parallel
