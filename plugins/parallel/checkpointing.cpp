#include "checkpointing.h"

#include <utility>

#include "checkpointed_unit.h"

namespace parallel {

void Checkpointing::created(dl::UnitState& unit) {
  if (on_) unit.runner = this;
}

dl::Tensors Checkpointing::run(dl::UnitState&, dl::Tensors inputs,
                               const std::function<dl::Tensors(dl::Tensors)>& forward) {
  return run_checkpointed(std::move(inputs), forward, nullptr);
}

}  // namespace parallel
