#include "param_groups.h"

#include <ATen/ops/empty_like.h>

#include <sstream>

#include "dl/error.h"

namespace pytorch {
namespace {

bool same_layout(const dl::Tensor& a, const dl::Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() && a.scalar_type() == b.scalar_type();
}

}  // namespace

std::vector<std::vector<dl::Param*>> by_type(std::span<dl::Param* const> params) {
  std::vector<std::vector<dl::Param*>> groups;
  for (auto* param : params) {
    const auto& value = param->value;
    if (value.numel() == 0) continue;
    if (!value.is_non_overlapping_and_dense())
      throw dl::Error("parameter " + param->name + " is not dense in memory, which fused optimizers need");
    auto group = groups.begin();
    while (group != groups.end() && (group->front()->value.scalar_type() != value.scalar_type() ||
                                     group->front()->value.device() != value.device()))
      ++group;
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->push_back(param);
  }
  return groups;
}

dl::Tensor laid_out_as(const dl::Tensor& value, const dl::Tensor& grad) {
  if (same_layout(value, grad)) return grad;
  return at::empty_like(value).copy_(grad);
}

dl::Tensor& state_of(dl::Param& param, const std::string& key) {
  auto& state = param.state(key);
  if (!same_layout(param.value, state)) {
    std::ostringstream text;
    text << "parameter " << param.name << ": its optimizer state \"" << key << "\" is " << state.scalar_type() << " "
         << state.sizes() << " with strides " << state.strides() << ", expected " << param.value.scalar_type() << " "
         << param.value.sizes() << " with strides " << param.value.strides();
    throw dl::Error(text.str());
  }
  return state;
}

}  // namespace pytorch
