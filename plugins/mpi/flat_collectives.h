#pragma once
#include <vector>

#include "peers.h"

namespace mpi {

/// Collectives by messages alone, among all ranks at once, with the results of WindowCollectives, bit for bit. What is
/// reduced goes in chunks, which stay in the caches.
/// Tensors are checked before; under Session::run().
class FlatCollectives {
 public:
  FlatCollectives(Session& session, int64_t chunk_bytes)

      : rank_(session.rank()), peers_(session, session.comm(), session.layout().members()), chunk_bytes_(chunk_bytes) {}

  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op);
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece);
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op);
  void broadcast(dl::Tensor& tensor, int root);
  /// `bytes`: by rank, what each contributes to `whole`, in rank order.
  void all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes);
  void barrier() { peers_.barrier(); }

 private:
  const int rank_;
  Peers peers_;
  const int64_t chunk_bytes_;
};

}  // namespace mpi
