#include "flat_collectives.h"

#include <cstring>

#include "slices.h"

namespace mpi {

namespace {

char* bytes_of(const dl::Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }

}  // namespace

void FlatCollectives::all_reduce(dl::Tensor& tensor, dl::ReduceOp op) {
  const Reduction how(tensor.scalar_type(), op);
  const auto chunks = Slices::of_length(tensor.numel(), chunk_bytes_ / how.width);
  for (int64_t k = 0; k < chunks.count(); ++k)
    peers_.all_reduce(bytes_of(tensor) + chunks.begin(k) * how.width, chunks.size(k), how);
}

void FlatCollectives::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op) {
  const Reduction how(piece.scalar_type(), op);
  const auto stride = static_cast<int64_t>(piece.nbytes());
  const auto chunks = Slices::of_length(piece.numel(), std::max<int64_t>(1, chunk_bytes_ / how.width / peers_.count()));
  for (int64_t k = 0; k < chunks.count(); ++k) {
    const int64_t begin = chunks.begin(k) * how.width;
    peers_.reduce_scatter(bytes_of(piece) + begin, bytes_of(whole) + begin, stride, chunks.size(k), how);
  }
}

void FlatCollectives::all_gather(dl::Tensor& whole, const dl::Tensor& piece) {
  const std::vector<int64_t> bytes(static_cast<size_t>(peers_.count()), static_cast<int64_t>(piece.nbytes()));
  all_gather_uneven(bytes_of(whole), bytes_of(piece), bytes);
}

void FlatCollectives::broadcast(dl::Tensor& tensor, int root) {
  peers_.broadcast({bytes_of(tensor), tensor.nbytes()}, root);
}

void FlatCollectives::all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes) {
  std::vector<std::span<char>> slots;
  for (const auto length : bytes) {
    slots.emplace_back(whole, static_cast<size_t>(length));
    whole += length;
  }
  const auto& own = slots[static_cast<size_t>(rank_)];
  if (!own.empty() && mine != own.data()) std::memcpy(own.data(), mine, own.size());
  peers_.all_gather(slots);
}

}  // namespace mpi
