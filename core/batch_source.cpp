#include "core/batch_source.h"

#include <utility>

namespace dl::host {

BatchSource::BatchSource(const Data& data, Split split, std::vector<std::shared_ptr<Transform>> transforms,
                         uint64_t seed, at::Device device, at::ScalarType dtype)
    : data_(data), split_(split), transforms_(std::move(transforms)), seed_(seed), device_(device), dtype_(dtype) {}

Batch BatchSource::make(std::vector<int64_t> indices, int64_t epoch, bool padding) const {
  Tensors fields;
  if (data_.has_batches() && transforms_.empty()) {
    fields = data_.get_batch(split_, indices);
  } else {
    std::vector<Sample> samples;
    samples.reserve(indices.size());
    for (const int64_t index : indices) {
      Rng rng(seed_, "augment", static_cast<uint64_t>(epoch), static_cast<uint64_t>(index));
      auto sample = data_.get(split_, index, rng);
      for (const auto& transform : transforms_) sample = transform->apply(std::move(sample), rng);
      samples.push_back(std::move(sample));
    }
    fields = data_.collate(std::move(samples));
  }
  fields = data_.finish(split_, std::move(fields));
  for (auto& field : fields) {
    field = field.to(field.is_floating_point() ? dtype_ : field.scalar_type());
    if (!device_.is_cpu()) field = field.pin_memory();
  }
  return {std::move(fields), std::move(indices), padding};
}

}  // namespace dl::host
