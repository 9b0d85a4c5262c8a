#include "mnist_format.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/max.h>

#include <cstring>

#include "dl/error.h"
#include "mnist_files.h"

namespace vision {

MnistFormat::Part::Part(const std::string& images_path, const std::string& labels_path)
    : images_file(images_path, 3), labels_file(labels_path, 1) {
  if (images_file.count() != labels_file.count())
    throw dl::Error(images_path + " has " + std::to_string(images_file.count()) + " images, but " + labels_path +
                    " has " + std::to_string(labels_file.count()) + " labels: they are not of one data set");
}

void MnistFormat::Part::load(int64_t num_classes) const {
  std::call_once(once, [&] {
    const auto bytes_N = labels_file.read();
    if (const auto largest = bytes_N.max().item<int64_t>(); largest >= num_classes)
      throw dl::Error(labels_file.path() + ": label " + std::to_string(largest) + " is not in [0, " +
                      std::to_string(num_classes - 1) + "]; the file is damaged or of another data set");
    images_N1HW = images_file.read().unsqueeze(1);
    labels_N = bytes_N.to(at::kLong);
  });
}

MnistFormat::MnistFormat(Traits traits, int64_t validation_size, PixelScale scale, const dl::DataContext& context)
    : traits_(std::move(traits)), validation_size_(validation_size), scale_(scale) {
  const auto files = find_mnist_files(context.root, traits_.name, traits_.system_folder, traits_.remedy);
  train_.emplace(files.train_images, files.train_labels);
  test_.emplace(files.test_images, files.test_labels);
  if (const auto count = train_->images_file.count(); validation_size_ >= count)
    throw dl::Error("validation_size = " + std::to_string(validation_size_) +
                    " leaves nothing to train on: " + files.train_images + " has " + std::to_string(count) + " images");
}

MnistFormat::Rows MnistFormat::rows(dl::Split split) const {
  const int64_t train_count = train_->images_file.count() - validation_size_;
  if (split == dl::Split::train) return {&*train_, 0, train_count};
  if (split == dl::Split::validation && validation_size_ > 0) return {&*train_, train_count, validation_size_};
  return {&*test_, 0, test_->images_file.count()};
}

int64_t MnistFormat::size(dl::Split split) const { return rows(split).count; }

dl::Sample MnistFormat::get(dl::Split split, int64_t index, dl::Rng&) const {
  auto fields = get_batch(split, {&index, 1});
  for (auto& field : fields) field = field.squeeze(0);
  return fields;
}

dl::Tensors MnistFormat::get_batch(dl::Split split, std::span<const int64_t> indices) const {
  const auto [part, begin, count] = rows(split);
  part->load(static_cast<int64_t>(traits_.classes.size()));
  auto shape = part->images_N1HW.sizes().vec();
  shape[0] = static_cast<int64_t>(indices.size());
  const auto pixels = static_cast<size_t>(shape[2] * shape[3]);
  auto images_B1HW = at::empty(shape, at::kByte);
  auto labels_B = at::empty({shape[0]}, at::kLong);
  auto* image = images_B1HW.mutable_data_ptr<uint8_t>();
  auto* label = labels_B.mutable_data_ptr<int64_t>();
  const auto* images = part->images_N1HW.const_data_ptr<uint8_t>();
  const auto* labels = part->labels_N.const_data_ptr<int64_t>();
  for (const int64_t index : indices) {
    if (index < 0 || index >= count)
      throw dl::Error(traits_.name + ": index " + std::to_string(index) + " is not in [0, " +
                      std::to_string(count - 1) + "] of split " + dl::to_string(split));
    std::memcpy(image, images + static_cast<size_t>(begin + index) * pixels, pixels);
    image += pixels;
    *label++ = labels[begin + index];
  }
  if (split == dl::Split::predict) return {images_B1HW};
  return {images_B1HW, labels_B};
}

dl::Tensors MnistFormat::finish(dl::Split, dl::Tensors fields) const {
  if (fields.at(0).scalar_type() == at::kByte) fields[0] = scale_(fields[0]);
  return fields;
}

dl::Value MnistFormat::info() const {
  dl::Value info;
  info.at("name") = traits_.name;
  info.at("classes") = dl::Value(dl::Value::List(traits_.classes.begin(), traits_.classes.end()));
  info.at("mean") = scale_.mean();
  info.at("std") = scale_.std();
  return info;
}

}  // namespace vision
