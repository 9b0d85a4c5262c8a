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

void CheckpointSnapshot::add(const std::string& file, const std::map<std::string, std::string>& metadata,
                             const Visit& visit) {
  auto& held = files_[file];
  held.metadata = metadata;
  visit([&](const std::string& name, const Tensor& whole) {
    bytes_ += static_cast<int64_t>(whole.nbytes());
    if (keeps_ && fits()) held.tensors.push_back({name, copy_of(file + "/" + name, whole)});
  });
  if (fits()) return;
  files_.clear();
  memory_.clear();
}

void CheckpointSnapshot::write(const std::filesystem::path& folder) const {
  for (const auto& [file, held] : files_) write_safetensors(folder / file, held.tensors, held.metadata);
}

}  // namespace dl::host
