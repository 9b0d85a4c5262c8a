#include "flat_broadcast.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <vector>

namespace parallel {

namespace {

constexpr int64_t kAlignment = 64;  // bytes: any dtype may begin there

int64_t padded_bytes(const dl::Tensor& tensor) {
  return (static_cast<int64_t>(tensor.nbytes()) + kAlignment - 1) / kAlignment * kAlignment;
}

void broadcast_packed(dl::Communicator& communicator, std::span<const dl::Tensor> tensors, std::string_view what) {
  int64_t bytes = 0;
  for (const auto& tensor : tensors) bytes += padded_bytes(tensor);
  if (bytes == 0) return;
  dl::Tensor packed = at::empty({bytes}, tensors[0].options().dtype(at::kByte).requires_grad(false));
  std::vector<dl::Tensor> slots;
  int64_t begin = 0;
  for (const auto& tensor : tensors) {
    slots.push_back(
        packed.narrow(0, begin, static_cast<int64_t>(tensor.nbytes())).view(tensor.scalar_type()).view(tensor.sizes()));
    if (communicator.rank() == 0) slots.back().copy_(tensor);
    begin += padded_bytes(tensor);
  }
  communicator.broadcast(packed, 0, what);
  if (communicator.rank() == 0) return;
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].detach().copy_(slots[i]);
}

}  // namespace

void flat_broadcast(dl::Communicator& communicator, std::span<const dl::Tensor> tensors, int64_t message_bytes,
                    std::string_view what) {
  if (communicator.size() == 1) return;
  const at::NoGradGuard no_grad;
  size_t first = 0;
  int64_t bytes = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    bytes += padded_bytes(tensors[i]);
    if (bytes < message_bytes && i + 1 < tensors.size()) continue;
    broadcast_packed(communicator, tensors.subspan(first, i + 1 - first), what);
    first = i + 1;
    bytes = 0;
  }
}

}  // namespace parallel
