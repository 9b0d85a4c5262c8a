#include "data_types.h"

#include <string>

#include "dl/error.h"

namespace nccl {

ncclDataType_t data_type(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    case at::kBFloat16:
      return ncclBfloat16;
    case at::kHalf:
      return ncclFloat16;
    case at::kLong:
      return ncclInt64;
    case at::kInt:
      return ncclInt32;
    case at::kByte:
      return ncclUint8;
    default:
      throw dl::Error(std::string("NCCL does not reduce ") + c10::toString(dtype));
  }
}

ncclRedOp_t reduction(dl::ReduceOp op) {
  switch (op) {
    case dl::ReduceOp::sum:
      return ncclSum;
    case dl::ReduceOp::max:
      return ncclMax;
    case dl::ReduceOp::min:
      return ncclMin;
  }
  throw dl::Error("NCCL does not have this reduction");
}

}  // namespace nccl
