#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <span>

#include "dl/communicator.h"

namespace mpi {

/// Element by element, `sources` combined in their order, written to each of `destinations`. A destination may be a
/// source, not overlap one in another way. At least one source.
using ReduceKernel = void (*)(std::span<const char* const> sources, std::span<char* const> destinations,
                              int64_t elements);

/// bfloat16 and float16 are added in float32 and rounded once, to nearest even. Null where the dtype can't be reduced.
ReduceKernel reduce_kernel(at::ScalarType dtype, dl::ReduceOp op);

/// How the elements of a dtype are reduced.
struct Reduction {
  Reduction(at::ScalarType dtype, dl::ReduceOp op);
  ReduceKernel kernel;
  int64_t width;  ///< bytes of an element
};

}  // namespace mpi
