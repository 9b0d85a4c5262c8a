#pragma once
#include <string>

#include "dl/plugin.h"

namespace dl::host {

/// What makes a registered class unusable, in words for its author, or "": a name that no config can write, an option
/// that is declared twice, a default that its own check refuses, a role that is needed twice.
std::string class_fault(const ClassInfo& info);

}  // namespace dl::host
