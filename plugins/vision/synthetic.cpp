#include "synthetic.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "dl/error.h"

namespace vision {

dl::Schema<Synthetic::Options> Synthetic::schema() {
  return dl::Schema<Options>("Made-up classes, learnable: a fixed pattern for each class, plus noise.")
      .field("shape", &Options::shape, "of a sample: [C, H, W], or any other", dl::at_least(1))
      .field("num_classes", &Options::num_classes, "number of classes", dl::at_least(1))
      .field("train_size", &Options::train_size, "samples to train on", dl::at_least(1))
      .field("validation_size", &Options::validation_size, "samples to validate on", dl::at_least(0))
      .field("test_size", &Options::test_size, "samples to test on", dl::at_least(0))
      .field("seed", &Options::seed, "other seeds give other patterns and samples")
      .field("noise", &Options::noise, "standard deviation of the noise; the patterns' is 1", dl::at_least(0))
      .field("in_memory", &Options::in_memory, "make a split at its first use and keep it: for timing other things");
}

Synthetic::Synthetic(const Options& options) : options_(options) {
  auto shape = options.shape;
  shape.insert(shape.begin(), options.num_classes);
  patterns_KD = at::empty(shape, at::kFloat).flatten(1);
  for (int64_t k = 0; k < options.num_classes; ++k) {
    dl::Rng rng(static_cast<uint64_t>(options.seed), "synthetic pattern", 0, static_cast<uint64_t>(k));
    patterns_KD[k].copy_(rng.normal(patterns_KD.size(1)));
  }
}

int64_t Synthetic::size(dl::Split split) const {
  if (split == dl::Split::train) return options_.train_size;
  return split == dl::Split::validation ? options_.validation_size : options_.test_size;
}

dl::Sample Synthetic::get(dl::Split split, int64_t index, dl::Rng&) const {
  auto fields = get_batch(split, {&index, 1});
  for (auto& field : fields) field = field.squeeze(0);
  return fields;
}

void Synthetic::check_index(dl::Split split, int64_t index) const {
  if (index < 0 || index >= size(split))
    throw dl::Error("Synthetic: index " + std::to_string(index) + " is not in [0, " + std::to_string(size(split) - 1) +
                    "] of split " + dl::to_string(split));
}

int64_t Synthetic::make(dl::Split split, int64_t index, float* values) const {
  const auto origin = split == dl::Split::predict ? dl::Split::test : split;
  dl::Rng rng(static_cast<uint64_t>(options_.seed), "synthetic " + dl::to_string(origin), 0,
              static_cast<uint64_t>(index));
  const int64_t label = rng.below(options_.num_classes);
  const int64_t count = patterns_KD.size(1);
  const auto* pattern = patterns_KD.const_data_ptr<float>() + label * count;
  for (int64_t i = 0; i < count; ++i) values[i] = pattern[i] + static_cast<float>(options_.noise * rng.normal());
  return label;
}

const Synthetic::Kept& Synthetic::kept(dl::Split split) const {
  auto& kept = kept_[split == dl::Split::train ? 0 : split == dl::Split::validation ? 1 : 2];
  std::call_once(kept.once, [&] {
    kept.samples_ND = at::empty({size(split), patterns_KD.size(1)}, at::kFloat);
    kept.labels_N = at::empty({size(split)}, at::kLong);
    auto* values = kept.samples_ND.mutable_data_ptr<float>();
    auto* label = kept.labels_N.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < size(split); ++i, values += patterns_KD.size(1)) *label++ = make(split, i, values);
  });
  return kept;
}

dl::Tensors Synthetic::get_batch(dl::Split split, std::span<const int64_t> indices) const {
  auto shape = options_.shape;
  shape.insert(shape.begin(), static_cast<int64_t>(indices.size()));
  auto images = at::empty(shape, at::kFloat);
  auto labels_B = at::empty({shape[0]}, at::kLong);
  auto* values = images.mutable_data_ptr<float>();
  auto* label = labels_B.mutable_data_ptr<int64_t>();
  const int64_t count = patterns_KD.size(1);
  const auto* memory = options_.in_memory ? &kept(split) : nullptr;
  for (const int64_t index : indices) {
    check_index(split, index);
    if (memory) {
      std::copy_n(memory->samples_ND.const_data_ptr<float>() + index * count, count, values);
      *label++ = memory->labels_N.const_data_ptr<int64_t>()[index];
    } else {
      *label++ = make(split, index, values);
    }
    values += count;
  }
  if (split == dl::Split::predict) return {images};
  return {images, labels_B};
}

dl::Value Synthetic::info() const {
  dl::Value info;
  info.at("name") = "Synthetic";
  dl::Value::List classes;
  for (int64_t k = 0; k < options_.num_classes; ++k) classes.emplace_back(std::to_string(k));
  info.at("classes") = dl::Value(std::move(classes));
  return info;
}

}  // namespace vision
