#include "collectives.h"

#include <cstdio>

#include "window_setup.h"

namespace mpi {

Collectives::Collectives(double timeout_s, int ranks_per_node, const std::string& window_mode, int64_t chunk_bytes)
    : session(timeout_s, ranks_per_node),
      flat(session, chunk_bytes),
      window(make_window(session, window_mode, chunk_bytes)) {}

Collectives::~Collectives() {
  if (session.size() > 1 && session.healthy()) say_goodbye();
}

void Collectives::say_goodbye() noexcept {
  try {
    session.run("barrier", "the end of the run", [this] { window ? window->barrier() : flat.barrier(); });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    session.abort(1);
  }
}

}  // namespace mpi
