#pragma once
#include <cstdlib>

/// In plugins that must be refused before they are opened: if one is opened all the same, the process ends.
namespace {
struct NoCodeMayRun {
  NoCodeMayRun() { std::abort(); }
} no_code_may_run;
}  // namespace
