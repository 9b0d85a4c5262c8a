#include "communicator.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "checks.h"
#include "row_layout.h"

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

Communicator::Communicator(const CommunicatorOptions& options, const dl::CommunicatorContext& context)
    : chunk_bytes_(options.chunk_bytes), session_(std::make_shared<Session>(context.timeout_s)) {}

Communicator::~Communicator() {
  if (session_->healthy()) return;
  session_->leave();
  thread_.abandon();
}

dl::Tensor Communicator::allocate(int64_t elements, at::ScalarType dtype) { return at::zeros({elements}, dtype); }

void Communicator::all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) {
  check_tensor("all_reduce", what, tensor);
  const auto dtype = tensor.scalar_type();
  const MPI_Datatype type = session_->reductions().type(dtype, call_name("all_reduce", what));
  thread_.drain();
  if (size() == 1) return;
  const MPI_Op mpi_op = session_->reductions().op(dtype, op);
  const auto element = static_cast<int64_t>(tensor.element_size());
  char* data = bytes_of(tensor);
  session_->call("all_reduce", what, [&, comm = session_->comm()] {
    return in_chunks(tensor.numel(), chunk_bytes_ / element, [&](int64_t begin, int count) {
      return MPI_Allreduce(MPI_IN_PLACE, data + begin * element, count, type, mpi_op, comm);
    });
  });
}

void Communicator::all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) {
  check_pieces("all_gather", what, whole, piece, size());
  thread_.drain();
  char* mine = slot(whole, piece, rank());
  if (bytes_of(piece) != mine) std::memcpy(mine, bytes_of(piece), piece.nbytes());
  if (size() == 1 || piece.nbytes() == 0) return;
  const auto stride = static_cast<MPI_Aint>(piece.nbytes());
  session_->call("all_gather", what, [&, comm = session_->comm()] {
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

dl::Tensor Communicator::all_gather_rows(const dl::Tensor& rows, std::string_view what) {
  check_tensor("all_gather_rows", what, rows);
  const RowLayout mine = row_layout(rows, what);
  thread_.drain();
  if (size() == 1) return rows.clone();
  std::vector<RowLayout> layouts(static_cast<size_t>(size()));
  session_->call("all_gather_rows", what, [&, comm = session_->comm()] {
    return MPI_Allgather(&mine, sizeof mine, MPI_BYTE, layouts.data(), sizeof mine, MPI_BYTE, comm);
  });
  check_same_rows(layouts, rank(), what);

  auto shape = rows.sizes().vec();
  shape[0] = 0;
  for (const auto& layout : layouts) shape[0] += layout.rows;
  dl::Tensor all = at::empty(shape, rows.options());
  const int64_t row_bytes = mine.row_bytes();
  session_->call("all_gather_rows", what, [&, comm = session_->comm()] {
    char* at = bytes_of(all);
    for (int root = 0; root < size(); ++root) {
      const int64_t length = layouts[static_cast<size_t>(root)].rows * row_bytes;
      if (root == rank()) std::memcpy(at, bytes_of(rows), static_cast<size_t>(length));
      const int code = in_chunks(length, chunk_bytes_, [&](int64_t begin, int count) {
        return MPI_Bcast(at + begin, count, MPI_BYTE, root, comm);
      });
      if (code != MPI_SUCCESS) return code;
      at += length;
    }
    return MPI_SUCCESS;
  });
  return all;
}

void Communicator::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) {
  check_pieces("reduce_scatter", what, whole, piece, size());
  const auto dtype = piece.scalar_type();
  const MPI_Datatype type = session_->reductions().type(dtype, call_name("reduce_scatter", what));
  thread_.drain();
  if (size() == 1) {
    if (bytes_of(piece) != bytes_of(whole)) std::memcpy(bytes_of(piece), bytes_of(whole), piece.nbytes());
    return;
  }
  const MPI_Op mpi_op = session_->reductions().op(dtype, op);
  const auto element = static_cast<int64_t>(piece.element_size());
  // Chunks of all pieces are packed side by side, as MPI wants them; packed first, `piece` may be part of `whole`.
  const int64_t chunk = std::max<int64_t>(1, chunk_bytes_ / element / size());
  std::vector<char> packed(static_cast<size_t>(std::min(chunk, piece.numel()) * element * size()));
  session_->call("reduce_scatter", what, [&, comm = session_->comm()] {
    return in_chunks(piece.numel(), chunk, [&](int64_t begin, int count) {
      const auto length = static_cast<size_t>(count * element);
      for (int r = 0; r < size(); ++r)
        std::memcpy(packed.data() + static_cast<size_t>(r) * length, slot(whole, piece, r) + begin * element, length);
      return MPI_Reduce_scatter_block(packed.data(), bytes_of(piece) + begin * element, count, type, mpi_op, comm);
    });
  });
}

void Communicator::broadcast(dl::Tensor& tensor, int root, std::string_view what) {
  check_tensor("broadcast", what, tensor);
  check_root("broadcast", what, root, size());
  thread_.drain();
  if (size() == 1) return;
  session_->call("broadcast", what, [&, comm = session_->comm()] {
    return in_chunks(static_cast<int64_t>(tensor.nbytes()), chunk_bytes_, [&](int64_t begin, int count) {
      return MPI_Bcast(bytes_of(tensor) + begin, count, MPI_BYTE, root, comm);
    });
  });
}

void Communicator::barrier(std::string_view what) {
  thread_.drain();
  if (size() == 1) return;
  session_->call("barrier", what, [comm = session_->comm()] { return MPI_Barrier(comm); });
}

std::shared_ptr<dl::Work> Communicator::start(std::function<void()> collective) {
  return thread_.push([session = session_, collective = std::move(collective)] { collective(); });
}

}  // namespace mpi
