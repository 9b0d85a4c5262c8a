#include "byte_images.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "dl/error.h"

namespace vision {

const ByteImages::Content& ByteImages::Part::content() const {
  // Not call_once: reading may throw, and the sanitizers' pthread_once, like others, then never lets a second call in.
  const std::lock_guard lock(mutex);
  if (!held.images_NCHW.defined()) held = source.read();
  return held;
}

ByteImages::ByteImages(Traits traits, Source train, Source test, int64_t validation_size, PixelScale scale)
    : traits_(std::move(traits)),
      validation_size_(validation_size),
      scale_(std::move(scale)),
      train_(std::move(train)),
      test_(std::move(test)) {
  if (const auto count = train_.source.count; validation_size_ >= count)
    throw dl::Error("validation_size = " + std::to_string(validation_size_) +
                    " leaves nothing to train on: " + train_.source.file + " has " + std::to_string(count) + " images");
}

ByteImages::Rows ByteImages::rows(dl::Split split) const {
  const int64_t train_count = train_.source.count - validation_size_;
  if (split == dl::Split::train) return {&train_, 0, train_count};
  if (split == dl::Split::validation && validation_size_ > 0) return {&train_, train_count, validation_size_};
  return {&test_, 0, test_.source.count};
}

int64_t ByteImages::size(dl::Split split) const { return rows(split).count; }

dl::Sample ByteImages::get(dl::Split split, int64_t index, dl::Rng&) const {
  auto fields = get_batch(split, {&index, 1});
  for (auto& field : fields) field = field.squeeze(0);
  return fields;
}

dl::Tensors ByteImages::get_batch(dl::Split split, std::span<const int64_t> indices) const {
  const auto [part, begin, count] = rows(split);
  const auto& content = part->content();
  auto shape = content.images_NCHW.sizes().vec();
  shape[0] = static_cast<int64_t>(indices.size());
  const auto pixels = static_cast<size_t>(shape[1] * shape[2] * shape[3]);
  auto images_BCHW = at::empty(shape, at::kByte);
  auto labels_B = at::empty({shape[0]}, at::kLong);
  auto* image = images_BCHW.mutable_data_ptr<uint8_t>();
  auto* label = labels_B.mutable_data_ptr<int64_t>();
  const auto* images = content.images_NCHW.const_data_ptr<uint8_t>();
  const auto* labels = content.labels_N.const_data_ptr<int64_t>();
  for (const int64_t index : indices) {
    if (index < 0 || index >= count)
      throw dl::Error(traits_.name + ": index " + std::to_string(index) + " is not in [0, " +
                      std::to_string(count - 1) + "] of split " + dl::to_string(split));
    std::memcpy(image, images + static_cast<size_t>(begin + index) * pixels, pixels);
    image += pixels;
    *label++ = labels[begin + index];
  }
  if (split == dl::Split::predict) return {images_BCHW};
  return {images_BCHW, labels_B};
}

dl::Tensors ByteImages::finish(dl::Split, dl::Tensors fields) const {
  if (fields.at(0).scalar_type() == at::kByte) fields[0] = scale_(fields[0]);
  return fields;
}

dl::Value ByteImages::info() const {
  dl::Value info;
  info.at("name") = traits_.name;
  info.at("classes") = dl::Value(dl::Value::List(traits_.classes.begin(), traits_.classes.end()));
  info.at("mean") = scale_.mean();
  info.at("std") = scale_.std();
  return info;
}

}  // namespace vision
