#pragma once
#include <string>

#include "dl/communicator.h"

namespace dl::host {

/// Rank 0's `text`, on every rank. All ranks.
std::string shared_text(Communicator& control, std::string text, const char* what);

}  // namespace dl::host
