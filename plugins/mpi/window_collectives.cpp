#include "window_collectives.h"

#include <cstdio>

namespace mpi {

namespace {

uint64_t bits(int64_t value, int shift) { return static_cast<uint64_t>(value) << shift; }

}  // namespace

WindowCollectives::WindowCollectives(Session& session, std::unique_ptr<Window> window,
                                     std::unique_ptr<WindowMemory> memory)
    : session_(session),
      layout_(session.layout()),
      local_(layout_.local()),
      size_(layout_.local_size()),
      window_(std::move(window)),
      memory_(std::move(memory)),
      cross_(layout_.cross() == MPI_COMM_NULL ? nullptr : std::make_unique<Peers>(session, layout_.cross())),
      sources_(static_cast<size_t>(size_)),
      targets_(static_cast<size_t>(size_)) {}

dl::Tensor WindowCollectives::allocate(int64_t elements, at::ScalarType dtype) {
  auto buffer = memory_->allocate(elements, dtype, [&](bool good) {
    announce(dtype, elements, 0);
    bool all = true;
    relay(
        1, [&](uint64_t turn, int64_t) { *window_->inbox(local_, turn) = good ? 1 : 0; },
        [&](uint64_t turn, int64_t) {
          for (int i = 0; i < size_; ++i) all &= *window_->inbox(i, turn) != 0;
        });
    return all;
  });
  if (!buffer.defined() && !warned_ && local_ == 0) {
    warned_ = true;
    std::fprintf(
        stderr,
        "warning: %s: /dev/shm has no room for a buffer of %lld MB for each of %d ranks (%lld MB are free). Such "
        "tensors are copied through a small window instead, which takes longer; enlarge /dev/shm (docker run "
        "--shm-size=…).\n",
        session_.who(session_.rank()).c_str(),
        static_cast<long long>(elements * static_cast<int64_t>(c10::elementSize(dtype)) >> 20), size_,
        static_cast<long long>(SharedFile::free_bytes() >> 20));
  }
  return buffer;
}

void WindowCollectives::announce(at::ScalarType dtype, int64_t elements, int detail, Place place) {
  window_->announce(session_.current(), bits(elements, 16) ^ bits(static_cast<int64_t>(dtype), 8) ^ bits(detail, 0),
                    place);
}

bool WindowCollectives::placed() const {
  const int64_t segment = window_->place(0).segment;
  for (int i = 0; i < size_; ++i)
    if (window_->place(i).segment != segment) return false;
  return segment >= 0;
}

// How much each of several parts may hold for all of them, of `bytes_each` a unit, to fit into a box.
int64_t WindowCollectives::chunk_of(int64_t bytes_each) const {
  return std::max<int64_t>(1, window_->box_bytes() / bytes_each);
}

void WindowCollectives::broadcast(dl::Tensor& tensor, int root) {
  char* data = static_cast<char*>(tensor.data_ptr());
  const auto bytes = static_cast<int64_t>(tensor.nbytes());
  const int home = layout_.node_of(root), from = layout_.local_of(root), parts = layout_.couriers();
  const bool at_home = home == layout_.node(), is_root = at_home && from == local_;
  const Place place = memory_->place(data, tensor.nbytes());
  announce(tensor.scalar_type(), tensor.numel(), root, place);
  const auto chunks = Slices::of_length(bytes, window_->box_bytes());
  if (one_node()) {
    if (chunks.count() != 1) window_->meet();
    if (chunks.count() > 1 && placed()) {
      if (!is_root) copy(data, peer(from), bytes);
      return window_->meet();  // the root may change it again
    }
    return relay(
        chunks.count(),
        [&](uint64_t turn, int64_t k) {
          if (is_root) copy(window_->inbox(local_, turn), data + chunks.begin(k), chunks.size(k));
        },
        [&](uint64_t turn, int64_t k) {
          if (!is_root) copy(data + chunks.begin(k), window_->inbox(from, turn), chunks.size(k));
        });
  }
  if (bytes == 0) return window_->meet();
  const auto slices = [&](int64_t k) { return Slices::in_parts(chunks.size(k), parts); };
  relay(
      chunks.count(),
      [&](uint64_t turn, int64_t k) {
        if (is_root) copy(window_->inbox(local_, turn), data + chunks.begin(k), chunks.size(k));
      },
      [&](uint64_t turn, int64_t k) {
        const auto mine = slices(k);
        if (local_ < parts && mine.size(local_) > 0) {
          char* slice = at_home ? window_->inbox(from, turn) + mine.begin(local_) : window_->outbox(local_, turn);
          abroad([&] { cross_->broadcast({slice, static_cast<size_t>(mine.size(local_))}, home); });
        }
        if (at_home && !is_root) copy(data + chunks.begin(k), window_->inbox(from, turn), chunks.size(k));
      },
      [&](uint64_t turn, int64_t k) {
        if (at_home) return;
        const auto all = slices(k);
        for (int i = 0; i < parts; ++i)
          copy(data + chunks.begin(k) + all.begin(i), window_->outbox(i, turn), all.size(i));
      });
}

void WindowCollectives::barrier() {
  announce(at::kByte, 0, 0);
  window_->meet();
  if (one_node()) return;
  if (local_ == 0) abroad([&] { cross_->barrier(); });
  window_->meet();
}

}  // namespace mpi
