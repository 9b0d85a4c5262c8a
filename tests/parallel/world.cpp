#include "world.h"

#include "plugins/mpi/communicator.h"

namespace dl::testing {

std::unique_ptr<Communicator> World::communicator_;

World::World() {
  CommunicatorContext context;
  context.timeout_s = 60;
  communicator_ = std::make_unique<mpi::Communicator>(mpi::CommunicatorOptions{}, context);
}

World::~World() { communicator_.reset(); }

}  // namespace dl::testing
