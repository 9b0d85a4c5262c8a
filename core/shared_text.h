#pragma once
#include <string>
#include <vector>

#include "dl/communicator.h"

namespace dl::host {

/// Rank 0's `text`, on every rank. All ranks.
std::string shared_text(Communicator& control, std::string text, const char* what);

/// Each rank's `text`, by rank, on every rank. All ranks.
std::vector<std::string> all_texts(Communicator& control, const std::string& text, const char* what);

}  // namespace dl::host
