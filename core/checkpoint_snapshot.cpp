#include "core/checkpoint_snapshot.h"

#include <ATen/ops/empty.h>

#include "core/safetensors.h"

namespace dl::host {

void CheckpointSnapshot::clear() {
  files_.clear();
  bytes_ = 0;
}

Tensor CheckpointSnapshot::copy_of(const std::string& key, const Tensor& whole) {
  auto& held = memory_[key];
  if (!held.defined() || held.scalar_type() != whole.scalar_type() || held.sizes() != whole.sizes())
    held = at::empty(whole.sizes(), at::TensorOptions().dtype(whole.scalar_type()));
  held.copy_(whole);
  return held;
}

void CheckpointSnapshot::add(const Files& files, const Visit& visit) {
  for (const auto& [file, metadata] : files) files_[file].metadata = metadata;
  visit([&](const std::string& file, const std::string& name, const Tensor& whole) {
    bytes_ += static_cast<int64_t>(first_.part(whole)->tensor.nbytes());
    const auto part = share_.part(whole);
    if (!part || !fits()) return;
    auto& held = files_.at(file);
    held.tensors.push_back({name, copy_of(file + "/" + name, part->tensor)});
    held.offsets[name] = part->offsets();
  });
  if (fits()) return;
  files_.clear();
  memory_.clear();
}

void CheckpointSnapshot::write(const std::filesystem::path& folder) const {
  if (!share_.writes()) return;
  for (const auto& [file, held] : files_)
    write_safetensors(folder / share_.file_name(file), held.tensors, share_.metadata_of(held.metadata, held.offsets));
}

}  // namespace dl::host
