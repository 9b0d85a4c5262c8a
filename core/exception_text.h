#pragma once
#include <string>

namespace dl::host {

/// What the exception being handled says, whatever its type; LibTorch's without the stack trace. Call it in a catch
/// block.
std::string exception_text();

}  // namespace dl::host
