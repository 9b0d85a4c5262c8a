#pragma once
#include "dl/error.h"

namespace dl::host {

/// What the process ends with (see `dlhost --help`).
enum ExitCode : int { kDone = 0, kRunFailed = 1, kBadUsage = 2, kBadPlugin = 3, kInterrupted = 75 };

/// A wrong command line, config or input: exit 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace dl::host
