#pragma once
#include <cstdint>

#include "core/plan.h"

namespace dl::host {

/// What one rank of a run needs, in bytes.
struct MemoryNeeds {
  int64_t parameters = 0;    ///< what is kept of them between steps
  int64_t gradients = 0;     ///< what is kept of them between steps
  int64_t optimizer = 0;     ///< its states
  int64_t other = 0;         ///< further tensors that stay: buffers, frozen parameters, data in memory
  int64_t momentary = 0;     ///< within a step: the batch, activations, gathered units, gradients on their way
  int64_t sent = 0;          ///< bytes that a rank sends in a step of one micro-batch
  int64_t largest_unit = 0;  ///< bytes of the parameters of the largest unit; 0 where there are no units
  int64_t total() const { return parameters + gradients + optimizer + other + momentary; }
};

/// Builds everything as rank 0 of `ranks` would, without the others, takes two steps on the first batch of the training
/// data, and says what it came to. Needs as much memory as it finds.
MemoryNeeds dry_run(const Plan& plan, const Registry& registry, int ranks);

}  // namespace dl::host
