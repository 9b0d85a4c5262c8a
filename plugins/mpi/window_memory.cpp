#include "window_memory.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <mutex>
#include <vector>

namespace mpi {

namespace {

struct Segment {
  int64_t id = 0;
  char* memory = nullptr;
  int64_t part_bytes = 0;
};

}  // namespace

// Tensors are let go of on any thread.
struct WindowMemory::Segments {
  mutable std::mutex mutex;
  std::vector<Segment> live;

  void add(const Segment& segment) {
    const std::lock_guard lock(mutex);
    live.push_back(segment);
  }
  void remove(int64_t id) {
    const std::lock_guard lock(mutex);
    std::erase_if(live, [id](const Segment& segment) { return segment.id == id; });
  }
};

WindowMemory::WindowMemory(std::shared_ptr<SharedFile> file, int local, int size, int64_t begin)
    : file_(std::move(file)), segments_(std::make_shared<Segments>()), local_(local), size_(size), end_(begin) {}

dl::Tensor WindowMemory::allocate(int64_t elements, at::ScalarType dtype, const std::function<bool(bool)>& all_agree) {
  if (elements == 0) return at::zeros({0}, dtype);
  const int64_t part = whole_pages(elements * static_cast<int64_t>(c10::elementSize(dtype)));
  const int64_t begin = end_, whole = part * size_, mine = begin + part * local_;
  end_ += whole;
  bool good = file_->reserve(mine, part);
  char* memory = good ? file_->map(begin, whole) : nullptr;
  if (!all_agree(memory != nullptr)) {
    if (memory) SharedFile::unmap(memory, whole);
    if (good) file_->release(mine, part);
    return {};
  }
  const Segment segment{next_++, memory, part};
  segments_->add(segment);
  return at::from_blob(
      memory + part * local_, {elements},
      [segments = segments_, file = file_, segment, whole, mine](void*) {
        segments->remove(segment.id);
        SharedFile::unmap(segment.memory, whole);
        file->release(mine, segment.part_bytes);
      },
      at::TensorOptions().dtype(dtype));
}

Place WindowMemory::place(const void* data, size_t bytes) const {
  const auto* begin = static_cast<const char*>(data);
  const std::lock_guard lock(segments_->mutex);
  for (const auto& segment : segments_->live) {
    const char* part = segment.memory + segment.part_bytes * local_;
    if (begin >= part && begin + bytes <= part + segment.part_bytes) return {segment.id, begin - part};
  }
  return {};
}

char* WindowMemory::at(Place place, int local) const {
  const std::lock_guard lock(segments_->mutex);
  for (const auto& segment : segments_->live)
    if (segment.id == place.segment) return segment.memory + segment.part_bytes * local + place.offset;
  return nullptr;
}

}  // namespace mpi
