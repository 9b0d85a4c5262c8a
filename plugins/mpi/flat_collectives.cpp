#include "flat_collectives.h"

#include <algorithm>
#include <cstring>

namespace mpi {

namespace {

// Calls move(begin, count) for successive chunks of [0, total) until one returns an error.
template <class Move>
int in_chunks(int64_t total, int64_t chunk, Move&& move) {
  for (int64_t begin = 0; begin < total; begin += chunk) {
    const int code = move(begin, static_cast<int>(std::min(chunk, total - begin)));
    if (code != MPI_SUCCESS) return code;
  }
  return MPI_SUCCESS;
}

char* bytes_of(const dl::Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }

// The piece of `rank` where the pieces lie one after another from `whole` on.
char* slot(const dl::Tensor& whole, const dl::Tensor& piece, int rank) {
  return bytes_of(whole) + rank * static_cast<int64_t>(piece.nbytes());
}

}  // namespace

void FlatCollectives::all_reduce(dl::Tensor& tensor, dl::ReduceOp op) {
  const auto dtype = tensor.scalar_type();
  const MPI_Datatype type = Reductions::type(dtype);
  const MPI_Op mpi_op = session_.reductions().op(dtype, op);
  const auto element = static_cast<int64_t>(tensor.element_size());
  char* data = bytes_of(tensor);
  session_.call([&, comm = session_.comm()] {
    return in_chunks(tensor.numel(), chunk_bytes_ / element, [&](int64_t begin, int count) {
      return MPI_Allreduce(MPI_IN_PLACE, data + begin * element, count, type, mpi_op, comm);
    });
  });
}

void FlatCollectives::all_gather(dl::Tensor& whole, const dl::Tensor& piece) {
  char* mine = slot(whole, piece, session_.rank());
  if (bytes_of(piece) != mine) std::memcpy(mine, bytes_of(piece), piece.nbytes());
  if (piece.nbytes() == 0) return;
  const auto stride = static_cast<MPI_Aint>(piece.nbytes());
  session_.call([&, comm = session_.comm()] {
    return in_chunks(stride, chunk_bytes_, [&](int64_t begin, int count) {
      // Chunks of neighbouring ranks lie a whole piece apart.
      MPI_Datatype chunk, spaced;
      MPI_Type_contiguous(count, MPI_BYTE, &chunk);
      MPI_Type_create_resized(chunk, 0, stride, &spaced);
      MPI_Type_commit(&spaced);
      const int code = MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes_of(whole) + begin, 1, spaced, comm);
      MPI_Type_free(&spaced);
      MPI_Type_free(&chunk);
      return code;
    });
  });
}

void FlatCollectives::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op) {
  const auto dtype = piece.scalar_type();
  const MPI_Datatype type = Reductions::type(dtype);
  const MPI_Op mpi_op = session_.reductions().op(dtype, op);
  const auto element = static_cast<int64_t>(piece.element_size());
  const int size = session_.size();
  // Chunks of all pieces are packed side by side, as MPI wants them; packed first, `piece` may be part of `whole`.
  const int64_t chunk = std::max<int64_t>(1, chunk_bytes_ / element / size);
  std::vector<char> packed(static_cast<size_t>(std::min(chunk, piece.numel()) * element * size));
  session_.call([&, comm = session_.comm()] {
    return in_chunks(piece.numel(), chunk, [&](int64_t begin, int count) {
      const auto length = static_cast<size_t>(count * element);
      for (int r = 0; r < size; ++r)
        std::memcpy(packed.data() + static_cast<size_t>(r) * length, slot(whole, piece, r) + begin * element, length);
      return MPI_Reduce_scatter_block(packed.data(), bytes_of(piece) + begin * element, count, type, mpi_op, comm);
    });
  });
}

void FlatCollectives::broadcast(dl::Tensor& tensor, int root) {
  session_.call([&, comm = session_.comm()] {
    return in_chunks(static_cast<int64_t>(tensor.nbytes()), chunk_bytes_, [&](int64_t begin, int count) {
      return MPI_Bcast(bytes_of(tensor) + begin, count, MPI_BYTE, root, comm);
    });
  });
}

void FlatCollectives::all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes) {
  session_.call([&, comm = session_.comm()] {
    char* at = whole;
    for (int root = 0; root < session_.size(); ++root) {
      const int64_t length = bytes[static_cast<size_t>(root)];
      if (root == session_.rank() && length > 0) std::memcpy(at, mine, static_cast<size_t>(length));
      const int code = in_chunks(length, chunk_bytes_, [&](int64_t begin, int count) {
        return MPI_Bcast(at + begin, count, MPI_BYTE, root, comm);
      });
      if (code != MPI_SUCCESS) return code;
      at += length;
    }
    return MPI_SUCCESS;
  });
}

void FlatCollectives::barrier() {
  session_.call([comm = session_.comm()] { return MPI_Barrier(comm); });
}

}  // namespace mpi
