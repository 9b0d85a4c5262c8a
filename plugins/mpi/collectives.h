#pragma once
#include "flat_collectives.h"
#include "session.h"
#include "window_collectives.h"

namespace mpi {

/// MPI, and the ways to move tensors over it.
class Collectives {
 public:
  Collectives(double timeout_s, int ranks_per_node, const std::string& window, int64_t chunk_bytes);
  ~Collectives();

  Session session;
  FlatCollectives flat;
  std::unique_ptr<WindowCollectives> window;  ///< null: all goes by `flat`

 private:
  /// Ranks wait for each other here rather than in MPI_Finalize: Open MPI 4.1's mpirun hangs or crashes now and then
  /// when a rank aborts in there, and it would not say which rank does not come.
  void say_goodbye() noexcept;
};

}  // namespace mpi
