#pragma once
#include <mpi.h>

#include <array>

#include "dl/communicator.h"

namespace mpi {

/// How MPI reduces each dtype. bfloat16 and float16, which MPI lacks, get operations of our own: each pair is added in
/// float32 and rounded to nearest even. Made after MPI_Init, gone before MPI_Finalize.
class Reductions {
 public:
  Reductions();
  ~Reductions();
  Reductions(const Reductions&) = delete;
  Reductions& operator=(const Reductions&) = delete;

  /// The MPI type of an element of a dtype that check_reducible() lets through.
  static MPI_Datatype type(at::ScalarType dtype);
  MPI_Op op(at::ScalarType dtype, dl::ReduceOp op) const;

 private:
  std::array<MPI_Op, 3> bfloat16_{}, float16_{};  // by dl::ReduceOp
};

}  // namespace mpi
