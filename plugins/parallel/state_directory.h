#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dl/communicator.h"
#include "dl/optimizer.h"

namespace parallel {

/// An optimizer state of one parameter, of which ranks hold pieces.
struct StateEntry {
  size_t parameter = 0;
  std::string key;
  at::ScalarType dtype = at::kFloat;
  bool operator==(const StateEntry&) const = default;
};

/// The states that any rank holds, by parameter and key, the same on all ranks. `parameters`: whose piece each of
/// `params` is. All ranks call it. Throws Error on a state that has not the shape of its piece.
std::vector<StateEntry> all_states(dl::Communicator& control, std::span<const dl::Param> params,
                                   std::span<const size_t> parameters);

}  // namespace parallel
