// WindowCollectives: what reduces.
#include <array>

#include "window_collectives.h"

namespace mpi {

namespace {

// Up to here every rank of a node reduces everything itself: one meeting instead of two.
constexpr int64_t kSmallBytes = 64 << 10;  // of all ranks together
// Up to here one courier of a node speaks with the others.
constexpr int64_t kOneMessageBytes = 16 << 10;

}  // namespace

void WindowCollectives::all_reduce(dl::Tensor& tensor, dl::ReduceOp op) {
  const Reduction how(tensor.scalar_type(), op);
  char* data = static_cast<char*>(tensor.data_ptr());
  const auto bytes = static_cast<int64_t>(tensor.nbytes());
  announce(tensor.scalar_type(), tensor.numel(), static_cast<int>(op), memory_->place(data, tensor.nbytes()));
  if (bytes == 0) return window_->meet();
  if (one_node() && bytes * size_ <= kSmallBytes && bytes <= window_->box_bytes())
    return relay(
        1, [&](uint64_t turn, int64_t) { copy(window_->inbox(local_, turn), data, bytes); },
        [&](uint64_t turn, int64_t) {
          for (int i = 0; i < size_; ++i)
            sources_[static_cast<size_t>(i)] = i == local_ ? data : window_->inbox(i, turn);
          how.kernel(sources_, {&data, 1}, tensor.numel());
        });
  if (bytes <= kOneMessageBytes) return reduce_staged(data, tensor.numel(), how, one_node() ? size_ : 1);
  window_->meet();
  if (placed())
    reduce_direct(data, tensor.numel(), how);
  else
    reduce_staged(data, tensor.numel(), how, layout_.couriers());
}

// Each rank reduces its slice where the tensors lie, and writes it to all of them. Chunks are cut as in
// reduce_staged(), for the other nodes may be doing that.
void WindowCollectives::reduce_direct(char* data, int64_t elements, const Reduction& how) {
  const int parts = layout_.couriers();
  const auto chunks = Slices::of_length(elements, one_node() ? elements : chunk_of(how.width));
  for (int64_t k = 0; local_ < parts && k < chunks.count(); ++k) {
    const auto slices = Slices::in_parts(chunks.size(k), parts);
    const int64_t begin = (chunks.begin(k) + slices.begin(local_)) * how.width, count = slices.size(local_);
    if (count == 0) continue;
    for (int i = 0; i < size_; ++i)
      sources_[static_cast<size_t>(i)] = targets_[static_cast<size_t>(i)] = peer(i) + begin;
    if (one_node()) {
      how.kernel(sources_, targets_, count);
      continue;
    }
    char* own = data + begin;
    how.kernel(sources_, {&own, 1}, count);
    abroad([&] { cross_->all_reduce(own, count, how); });
    for (int i = 0; i < size_; ++i)
      if (i != local_) copy(targets_[static_cast<size_t>(i)], own, count * how.width);
  }
  window_->meet();
}

// The first `parts` ranks reduce a slice of each chunk from the others' inboxes, and hand it out in their outboxes.
void WindowCollectives::reduce_staged(char* data, int64_t elements, const Reduction& how, int parts) {
  const auto chunks = Slices::of_length(elements, chunk_of(how.width));
  const auto slices = [&](int64_t k) { return Slices::in_parts(chunks.size(k), parts); };
  relay(
      chunks.count(),
      [&](uint64_t turn, int64_t k) {
        const auto cut = slices(k);
        char* box = window_->inbox(local_, turn);
        const char* chunk = data + chunks.begin(k) * how.width;
        // All but the slice that this rank reduces itself.
        const int64_t end = local_ < parts ? cut.begin(local_) : chunks.size(k);
        const int64_t after = local_ < parts ? cut.begin(local_ + 1) : chunks.size(k);
        copy(box, chunk, end * how.width);
        copy(box + after * how.width, chunk + after * how.width, (chunks.size(k) - after) * how.width);
      },
      [&](uint64_t turn, int64_t k) {
        const auto cut = slices(k);
        if (local_ >= parts || cut.size(local_) == 0) return;
        const int64_t begin = cut.begin(local_) * how.width, count = cut.size(local_);
        char* own = data + chunks.begin(k) * how.width + begin;
        for (int i = 0; i < size_; ++i)
          sources_[static_cast<size_t>(i)] = i == local_ ? own : window_->inbox(i, turn) + begin;
        const std::array<char*, 2> targets{own, window_->outbox(local_, turn)};
        if (one_node()) return how.kernel(sources_, targets, count);
        how.kernel(sources_, {&targets[1], 1}, count);
        abroad([&] { cross_->all_reduce(targets[1], count, how); });
        copy(own, targets[1], count * how.width);
      },
      [&](uint64_t turn, int64_t k) {
        const auto cut = slices(k);
        for (int i = 0; i < parts; ++i)
          if (i != local_)
            copy(data + (chunks.begin(k) + cut.begin(i)) * how.width, window_->outbox(i, turn),
                 cut.size(i) * how.width);
      });
}

void WindowCollectives::reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op) {
  const Reduction how(piece.scalar_type(), op);
  const char* all = static_cast<const char*>(whole.data_ptr());
  char* mine = static_cast<char*>(piece.data_ptr());
  const int64_t length = piece.numel(), stride = length * how.width;
  announce(piece.scalar_type(), length, static_cast<int>(op), memory_->place(all, whole.nbytes()));
  if (length == 0) return window_->meet();

  const auto chunks = Slices::of_length(length, chunk_of(how.width * session_.size()));
  if (one_node() && chunks.count() > 1) {
    window_->meet();
    if (placed()) {
      for (int i = 0; i < size_; ++i) sources_[static_cast<size_t>(i)] = peer(i) + local_ * stride;
      how.kernel(sources_, {&mine, 1}, length);
      return window_->meet();  // others may change their whole again
    }
  }
  // A courier reduces the pieces of the ranks with its own local number: its own, and one for each other node.
  const auto kept = [&](int rank) { return layout_.local_of(rank) == local_; };
  relay(
      chunks.count(),
      [&](uint64_t turn, int64_t k) {
        const int64_t bytes = chunks.size(k) * how.width;
        for (int rank = 0; rank < session_.size(); ++rank)
          if (!kept(rank))
            copy(window_->inbox(local_, turn) + rank * bytes, all + rank * stride + chunks.begin(k) * how.width, bytes);
      },
      [&](uint64_t turn, int64_t k) {
        const int64_t begin = chunks.begin(k) * how.width, bytes = chunks.size(k) * how.width;
        char* to = mine + begin;
        for (int node = 0; node < layout_.nodes(); ++node) {
          const int rank = layout_.members(node)[static_cast<size_t>(local_)];
          for (int i = 0; i < size_; ++i)
            sources_[static_cast<size_t>(i)] =
                i == local_ ? all + rank * stride + begin : window_->inbox(i, turn) + rank * bytes;
          char* target = one_node() ? to : window_->outbox(local_, turn) + node * bytes;
          how.kernel(sources_, {&target, 1}, chunks.size(k));
        }
        if (one_node()) return;
        abroad([&] { cross_->reduce_scatter(to, window_->outbox(local_, turn), bytes, chunks.size(k), how); });
      });
}

}  // namespace mpi
