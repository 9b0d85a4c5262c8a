#pragma once
#include <memory>
#include <string>

#include "window_collectives.h"

namespace mpi {

/// Makes the window of each node, where a node has several ranks; null otherwise, and where `mode` is "off". If any
/// rank can't have its part, none has: with "auto" that is said on stderr, once, with "on" it throws dl::Error.
/// `box_bytes`: what goes through the window at once; less where /dev/shm is small. Collective.
std::unique_ptr<WindowCollectives> make_window(Session& session, const std::string& mode, int64_t box_bytes);

}  // namespace mpi
