#pragma once
#include "dl/network.h"

namespace parallel {

/// Leaves every unit whole as it was built; with `on`, its activations are not kept (run_checkpointed()).
class Checkpointing final : public dl::Build, public dl::UnitRunner {
 public:
  explicit Checkpointing(bool on) : on_(on) {}
  void created(dl::UnitState& unit) override;
  dl::Tensors run(dl::UnitState& unit, dl::Tensors inputs,
                  const std::function<dl::Tensors(dl::Tensors)>& forward) override;

 private:
  const bool on_;
};

}  // namespace parallel
