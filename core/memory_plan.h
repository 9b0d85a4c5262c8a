#pragma once
#include <ostream>

#include "core/config.h"
#include "core/launch.h"

namespace dl::host {

struct MemoryPlanOptions {
  int ranks = 1;
  std::string memory;  ///< what a rank may use, such as "24GiB"; empty: not compared
};

/// `dlhost plan CFG.toml`: the memory and the messages of a rank for each strategy, measured by a dry run of each, and
/// what fits. Returns the exit code. Throws UsageError on a size that it can't read.
int memory_plan(const RunArguments& arguments, const MemoryPlanOptions& options, const Launch& launch,
                std::ostream& out);

/// "24GiB", "800 MB", "1e9": bytes. Throws UsageError.
int64_t parse_bytes(const std::string& text);

}  // namespace dl::host
