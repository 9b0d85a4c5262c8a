#pragma once
#include <c10/core/ScalarType.h>
#include <nccl.h>

#include "dl/communicator.h"

namespace nccl {

/// Of dtypes that Transport::reduces(); throws dl::Error on others.
ncclDataType_t data_type(at::ScalarType dtype);
ncclRedOp_t reduction(dl::ReduceOp op);

}  // namespace nccl
