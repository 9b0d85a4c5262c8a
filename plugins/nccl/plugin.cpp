#include "dl/plugin.h"

#include "communicator.h"

DL_PLUGIN("nccl", "1.0.0", "Communication among NVIDIA GPUs by NCCL") { r.add<nccl::Communicator>("Communicator"); }
