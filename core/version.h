#pragma once

namespace dl::host {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace dl::host
