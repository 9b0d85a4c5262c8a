#include "dl/plugin.h"

#include "communicator.h"

DL_PLUGIN("mpi", "1.0.0", "Communication among processes by MPI") { r.add<mpi::Communicator>("Communicator"); }
