#pragma once
#include <memory>
#include <vector>

#include "session.h"

namespace mpi {

/// Collectives by MPI alone, among all ranks at once. Large tensors go in chunks: a chunk stays in the caches, and
/// MPI's temporary buffers stay small enough not to be given back and faulted in again. Tensors are checked before;
/// under Session::run().
class FlatCollectives {
 public:
  FlatCollectives(Session& session, int64_t chunk_bytes) : session_(session), chunk_bytes_(chunk_bytes) {}

  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op);
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece);
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op);
  void broadcast(dl::Tensor& tensor, int root);
  /// `bytes`: by rank, what each contributes to `whole`, in rank order.
  void all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes);
  void barrier();

 private:
  Session& session_;
  const int64_t chunk_bytes_;
};

}  // namespace mpi
