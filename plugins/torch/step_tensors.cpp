#include "step_tensors.h"

#include <ATen/ops/empty.h>

namespace pytorch {

const dl::Tensor& StepTensors::get(int64_t step, at::Device device) {
  for (size_t i = 0; i < used_; ++i)
    if (entries_[i].first == step && entries_[i].second.device() == device) return entries_[i].second;
  if (used_ == entries_.size()) entries_.emplace_back();
  auto& [count, tensor] = entries_[used_++];
  if (!tensor.defined() || tensor.device() != device) tensor = at::empty({}, at::device(device).dtype(at::kFloat));
  count = step;
  return tensor.fill_(step);
}

}  // namespace pytorch
