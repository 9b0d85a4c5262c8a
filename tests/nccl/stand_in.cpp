#include "stand_in.h"

#include <ATen/ops/from_blob.h>

#include <cstring>

namespace nccl::testing {

namespace {

at::Tensor at_memory(const void* memory, int64_t count, at::ScalarType dtype) {
  return at::from_blob(const_cast<void*>(memory), {count}, at::device(at::kCPU).dtype(dtype));
}

}  // namespace

void StandIn::all_reduce(void* data, int64_t count, at::ScalarType dtype, dl::ReduceOp op, const c10::Stream& stream) {
  streams.push_back(stream.id());
  auto tensor = at_memory(data, count, dtype);
  ranks_.all_reduce(tensor, op, "stand-in");
}

void StandIn::all_gather(void* whole, const void* piece, int64_t piece_bytes, const c10::Stream& stream) {
  streams.push_back(stream.id());
  auto all = at_memory(whole, piece_bytes * ranks_.size(), at::kByte);
  ranks_.all_gather(all, at_memory(piece, piece_bytes, at::kByte), "stand-in");
}

void StandIn::all_gather_uneven(void* whole, const void* piece, std::span<const int64_t> bytes,
                                const c10::Stream& stream) {
  streams.push_back(stream.id());
  const auto own = at_memory(piece, bytes[static_cast<size_t>(ranks_.rank())], at::kByte);
  const auto all = ranks_.all_gather_rows(own, "stand-in");
  if (all.numel() > 0) std::memcpy(whole, all.const_data_ptr(), all.nbytes());
}

void StandIn::reduce_scatter(void* piece, const void* whole, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                             const c10::Stream& stream) {
  streams.push_back(stream.id());
  auto own = at_memory(piece, count, dtype);
  ranks_.reduce_scatter(own, at_memory(whole, count * ranks_.size(), dtype), op, "stand-in");
}

void StandIn::broadcast(void* data, int64_t bytes, int root, const c10::Stream& stream) {
  streams.push_back(stream.id());
  auto tensor = at_memory(data, bytes, at::kByte);
  ranks_.broadcast(tensor, root, "stand-in");
}

}  // namespace nccl::testing
