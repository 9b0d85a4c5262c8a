// WindowCollectives: what gathers.
#include <numeric>

#include "window_collectives.h"

namespace mpi {

void WindowCollectives::all_gather(dl::Tensor& whole, const dl::Tensor& piece) {
  char* all = static_cast<char*>(whole.data_ptr());
  const char* mine = static_cast<const char*>(piece.data_ptr());
  const auto bytes = static_cast<int64_t>(piece.nbytes());
  const int nodes = layout_.nodes();
  const Place place = memory_->place(all, whole.nbytes());
  announce(piece.scalar_type(), piece.numel(), 0, place);

  char* own = all + session_.rank() * bytes;
  const auto chunks = Slices::of_length(bytes, chunk_of(nodes));
  if (one_node()) {
    if (chunks.count() != 1) window_->meet();
    if (chunks.count() > 1 && placed()) return gather_direct(mine, bytes);
  } else if (bytes == 0) {
    return window_->meet();
  }
  relay(
      chunks.count(),
      [&](uint64_t turn, int64_t k) {
        const int64_t begin = chunks.begin(k), size = chunks.size(k);
        if (mine != own) copy(own + begin, mine + begin, size);
        char* box = window_->outbox(local_, turn);
        copy(box + layout_.node() * size, mine + begin, size);
        if (one_node()) return;
        std::vector<std::span<char>> slots;
        for (int node = 0; node < nodes; ++node) slots.emplace_back(box + node * size, static_cast<size_t>(size));
        abroad([&] { cross_->all_gather(slots); });
      },
      [&](uint64_t turn, int64_t k) {
        for (int i = 0; i < size_; ++i)
          for (int node = 0; node < nodes; ++node) {
            const int rank = layout_.members(node)[static_cast<size_t>(i)];
            if (rank != session_.rank())
              copy(all + rank * bytes + chunks.begin(k), window_->outbox(i, turn) + node * chunks.size(k),
                   chunks.size(k));
          }
      });
}

// Each rank writes its piece into the whole of all ranks.
void WindowCollectives::gather_direct(const char* piece, int64_t bytes) {
  // One after another from its own on, so that ranks don't crowd on one.
  for (int i = 0; i < size_; ++i) {
    const int to = (local_ + i) % size_;
    char* slot = peer(to) + local_ * bytes;
    if (slot != piece) copy(slot, piece, bytes);
  }
  window_->meet();
}

void WindowCollectives::all_gather_uneven(char* whole, const char* mine, const std::vector<int64_t>& bytes) {
  std::vector<int64_t> begins(bytes.size());
  std::exclusive_scan(bytes.begin(), bytes.end(), begins.begin(), int64_t{0});
  const auto rank = static_cast<size_t>(session_.rank());
  announce(at::kByte, begins.back() + bytes.back(), 0);
  copy(whole + begins[rank], mine, bytes[rank]);
  // One node: local numbers are ranks.
  std::vector<Slices> chunks;
  int64_t most = 1;
  for (const auto length : bytes) {
    chunks.push_back(Slices::of_length(length, window_->box_bytes()));
    most = std::max(most, chunks.back().count());
  }
  relay(
      most,
      [&](uint64_t turn, int64_t k) {
        copy(window_->inbox(local_, turn), mine + chunks[rank].begin(k), chunks[rank].size(k));
      },
      [&](uint64_t turn, int64_t k) {
        for (int i = 0; i < size_; ++i) {
          const auto& from = chunks[static_cast<size_t>(i)];
          if (i != local_)
            copy(whole + begins[static_cast<size_t>(i)] + from.begin(k), window_->inbox(i, turn), from.size(k));
        }
      });
}

}  // namespace mpi
