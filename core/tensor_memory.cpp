#include "core/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/alignment.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

namespace dl::host {
namespace {

constexpr size_t kHugePage = 2 << 20;
constexpr size_t kGrain = 64 << 10;  // sizes are rounded up to it: a tensor's alignment and more

size_t round_up(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

TensorMemory& TensorMemory::instance() {
  static auto& memory = *new TensorMemory;  // tensors may be freed after main()
  return memory;
}

TensorMemory& TensorMemory::install() {
  c10::SetCPUAllocator(&instance(), /*priority=*/255);
  return instance();
}

c10::DataPtr TensorMemory::allocate(size_t bytes) {
  const at::Device cpu(at::kCPU);
  if (bytes == 0) return {nullptr, cpu};
  void* data = bytes < kLarge ? std::aligned_alloc(c10::gAlignment, round_up(bytes, c10::gAlignment)) : take(bytes);
  TORCH_CHECK(data, "out of memory: ", bytes, " bytes for a tensor");
  if (bytes < kLarge) count(malloc_usable_size(data));
  return {data, data, &TensorMemory::free, cpu};
}

c10::DeleterFnPtr TensorMemory::raw_deleter() const { return &TensorMemory::free; }

void TensorMemory::copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

void TensorMemory::free(void* data) {
  const bool may_be_large = reinterpret_cast<size_t>(data) % kHugePage == 0;  // small ones need no lock
  if (may_be_large && instance().give_back(data)) return;
  instance().live_ -= malloc_usable_size(data);
  std::free(data);
}

void TensorMemory::count(size_t bytes) {
  const size_t live = live_ += bytes;
  size_t peak = peak_;
  while (live > peak && !peak_.compare_exchange_weak(peak, live)) {
  }
}

void* TensorMemory::take(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const size_t wanted = round_up(bytes, kGrain);
  large_ += wanted;
  const auto found = free_.lower_bound(wanted);
  if (found != free_.end() && found->first <= wanted + wanted / 4) {
    void* data = found->second;
    large_ += found->first - wanted;
    most_large_ = std::max(most_large_, large_);
    count(found->first);
    free_.erase(found);
    return data;
  }
  most_large_ = std::max(most_large_, large_);
  unmap_down_to(std::max(most_large_ + kSlack, wanted) - wanted);
  const auto [data, block] = map(wanted);
  if (!data) {
    large_ -= wanted;
    return nullptr;
  }
  count(wanted);
  held_ += wanted;
  blocks_.emplace(data, block);
  return data;
}

bool TensorMemory::give_back(void* data) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(data);
  if (found == blocks_.end()) return false;
  large_ -= found->second.usable;
  live_ -= found->second.usable;
  free_.emplace(found->second.usable, data);
  if (!keeps_) unmap_down_to(0);
  return true;
}

/// What tensors see begins at a border of huge pages; its end, where it does not fill one, is of small pages.
std::pair<void*, TensorMemory::Block> TensorMemory::map(size_t bytes) {
  const Block block{nullptr, bytes + kHugePage, bytes};
  void* mapping = mmap(nullptr, block.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return {nullptr, block};
  void* data = reinterpret_cast<void*>(round_up(reinterpret_cast<size_t>(mapping), kHugePage));
  if (bytes >= kHugePage) madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  return {data, {mapping, block.mapped, block.usable}};
}

/// The largest first: it is the least likely to fit anything.
void TensorMemory::unmap_down_to(size_t held) {
  while (held_ > held && !free_.empty()) {
    const auto largest = std::prev(free_.end());
    const Block block = blocks_.at(largest->second);
    munmap(block.mapping, block.mapped);
    held_ -= block.usable;
    blocks_.erase(largest->second);
    free_.erase(largest);
  }
}

TensorMemory::Use TensorMemory::use() const {
  const std::lock_guard lock(mutex_);
  return {live_, peak_, held_};
}

void TensorMemory::keep_freed() {
  const std::lock_guard lock(mutex_);
  most_large_ = large_;
  keeps_ = true;
}

void TensorMemory::restart_peak() {
  const std::lock_guard lock(mutex_);
  peak_ = live_.load();
}

}  // namespace dl::host
