#pragma once
#include "dl/plugin.h"

/// A class that is only listed, never made: needs no LibTorch.
inline dl::ClassInfo bare_class(dl::Kind kind, const char* name, const char* doc, uint32_t kind_abi = 1) {
  return {kind, kind_abi, name, doc, {}, {}, {}, {}, {}};
}
