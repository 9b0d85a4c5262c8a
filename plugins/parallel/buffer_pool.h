#pragma once
#include <c10/core/Allocator.h>

#include <map>
#include <memory>
#include <mutex>

#include "dl/tensor.h"

namespace parallel {

/// Memory for buffers that come and go in every step: what is given back is used again, so the most that was ever in
/// use at a time is what is held, and no page is touched for the first time twice. Any thread.
class BufferPool {
 public:
  explicit BufferPool(at::Device device);

  /// At least `bytes` bytes, not initialised; given back when the pointer goes, which may outlive the pool.
  at::DataPtr take(size_t bytes);
  dl::Tensor tensor(int64_t elements, at::ScalarType dtype);
  size_t bytes_held() const;

 private:
  /// Free memory by size.
  struct Shelf {
    std::mutex mutex;
    std::multimap<size_t, at::DataPtr> free;
    size_t bytes = 0;
  };
  struct Loan {
    std::shared_ptr<Shelf> shelf;
    size_t bytes;
    at::DataPtr memory;
  };
  static void give_back(void* loan);

  const at::Device device_;
  std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

}  // namespace parallel
