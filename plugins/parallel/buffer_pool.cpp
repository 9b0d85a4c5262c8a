#include "buffer_pool.h"

#include <ATen/ops/empty.h>
#include <c10/core/StorageImpl.h>

#include <utility>

namespace parallel {

BufferPool::BufferPool(at::Device device) : device_(device) {}

at::DataPtr BufferPool::take(size_t bytes) {
  auto loan = std::make_unique<Loan>(Loan{shelf_, bytes, {}});
  {
    const std::lock_guard lock(shelf_->mutex);
    // The smallest that is large enough, unless it would waste more than it holds.
    const auto found = shelf_->free.lower_bound(bytes);
    if (found != shelf_->free.end() && found->first <= 2 * bytes) {
      loan->bytes = found->first;
      loan->memory = std::move(found->second);
      shelf_->free.erase(found);
    } else {
      shelf_->bytes += bytes;
    }
  }
  if (!loan->memory) loan->memory = c10::GetAllocator(device_.type())->allocate(bytes);
  void* data = loan->memory.get();
  return {data, loan.release(), &give_back, device_};
}

void BufferPool::give_back(void* given) {
  const std::unique_ptr<Loan> loan(static_cast<Loan*>(given));
  const std::lock_guard lock(loan->shelf->mutex);
  loan->shelf->free.emplace(loan->bytes, std::move(loan->memory));
}

dl::Tensor BufferPool::tensor(int64_t elements, at::ScalarType dtype) {
  const auto bytes = static_cast<size_t>(elements) * c10::elementSize(dtype);
  at::Storage storage(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes, take(bytes),
                                                            nullptr, /*resizable=*/false));
  return at::empty({0}, at::device(device_).dtype(dtype)).set_(std::move(storage), 0, {elements});
}

size_t BufferPool::bytes_held() const {
  const std::lock_guard lock(shelf_->mutex);
  return shelf_->bytes;
}

}  // namespace parallel
