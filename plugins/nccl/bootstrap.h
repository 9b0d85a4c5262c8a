#pragma once
#include <functional>
#include <span>
#include <string>

#include "dl/communicator.h"

namespace nccl {

/// Fills `id` on all ranks with what `make` puts there on rank 0. `problem`: why this rank can't take part; "": it can.
/// Throws dl::Error on all ranks, in that rank's words, where one of them can't or `make` throws: none is left waiting.
/// All ranks, over the CPU's `control`.
void share_id(dl::Communicator& control, std::string problem, std::span<char> id,
              const std::function<void(std::span<char> id)>& make);

}  // namespace nccl
