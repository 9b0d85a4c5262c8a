#include "communicator.h"
#include "dl/plugin.h"

DL_PLUGIN("mpi", "1.0.0", "Communication among processes by MPI") { r.add<mpi::Communicator>("Communicator"); }
