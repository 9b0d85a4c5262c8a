#pragma once
#include <memory>
#include <vector>

#include "dl/data.h"
#include "dl/transform.h"

namespace dl::host {

/// Makes batches of one split: whole where the data class can, else sample by sample through the transforms. For a GPU
/// they lie in pinned memory, from which a Prefetcher moves them to it. Any thread.
class BatchSource {
 public:
  BatchSource(const Data& data, Split split, std::vector<std::shared_ptr<Transform>> transforms, uint64_t seed,
              at::Device device, at::ScalarType dtype);

  /// The rows are the samples `indices`; their augmentation is a function of (seed, epoch, index) alone.
  Batch make(std::vector<int64_t> indices, int64_t epoch, bool padding) const;
  int64_t size() const { return data_.size(split_); }
  Split split() const { return split_; }
  at::Device device() const { return device_; }

 private:
  const Data& data_;
  Split split_;
  std::vector<std::shared_ptr<Transform>> transforms_;
  uint64_t seed_;
  at::Device device_;
  at::ScalarType dtype_;
};

}  // namespace dl::host
