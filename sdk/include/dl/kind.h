#pragma once
#include <string>

#include "dl/abi.h"

namespace dl {

/// The eleven extension points. A plugin class is of exactly one kind.
enum class Kind { network, task, loss, metric, optimizer, scheduler, data, transform, backend, communicator, logger };

/// "network", "task", … as written in messages, `list-plugins` and `inspect`.
DL_API std::string to_string(Kind kind);

}  // namespace dl
