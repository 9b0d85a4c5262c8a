#include "checkpointing.h"

#include <ATen/core/grad_mode.h>

#include <utility>

#include "checkpointed_unit.h"

namespace parallel {

void Checkpointing::created(dl::UnitState& unit) {
  if (on_) unit.runner = this;
}

dl::Tensors Checkpointing::run(dl::UnitState& unit, dl::Tensors inputs,
                               const std::function<dl::Tensors(dl::Tensors)>& forward) {
  auto& passes = passes_[&unit];
  if (at::GradMode::is_enabled())
    for (auto* parameters : passes.of) parameters->await_pass();
  return run_checkpointed(unit.module, std::move(inputs), forward, &passes);
}

void Checkpointing::Passes::leave() {
  for (auto* parameters : of) parameters->pass_done();
}

void Checkpointing::tell(const dl::UnitState& unit, std::vector<FlatParameters*> parameters) {
  passes_[&unit].of = std::move(parameters);
}

void Checkpointing::pass_done() {
  for (auto& [unit, passes] : passes_)
    for (auto* parameters : passes.of) parameters->await_nothing();
}

}  // namespace parallel
