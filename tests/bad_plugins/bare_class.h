#pragma once
#include "dl/plugin.h"

/// A class that is only listed, never made: needs no LibTorch.
inline dl::ClassInfo bare_class(dl::Kind kind, const char* name, const char* doc, uint32_t kind_abi = 1) {
  dl::ClassInfo info{kind, kind_abi, name, doc, {}, {}, {}, {}, {}, {}};
  info.check = [](const dl::Value&, const std::string&, dl::Problems&) {};
  info.create = [](const dl::Value&, void*) { return std::shared_ptr<void>(); };
  return info;
}
