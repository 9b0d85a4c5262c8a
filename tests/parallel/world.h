#pragma once
#include <memory>

#include "dl/communicator.h"

namespace dl::testing {

/// MPI for the life of the test program, and the communicator of all its ranks.
class World {
 public:
  World();
  ~World();
  static Communicator& communicator() { return *communicator_; }

 private:
  static std::unique_ptr<Communicator> communicator_;
};

}  // namespace dl::testing
