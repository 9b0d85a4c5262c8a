#pragma once
#include <c10/core/ScalarType.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <span>
#include <string>

#include "dl/communicator.h"

namespace nccl {

/// What moves memory between the ranks' devices: NCCL (Link), or a stand-in of the tests. A call puts the collective on
/// `stream` and returns before it is done; it throws std::exception where that can't be. All ranks make the same calls
/// in the same order, from one thread at a time. Zero elements are allowed. Bytes are of any dtype.
class Transport {
 public:
  virtual ~Transport();
  /// In place; `dtype` is one that reduces() knows.
  virtual void all_reduce(void* data, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                          const c10::Stream& stream) = 0;
  /// `piece` may be this rank's part of `whole`.
  virtual void all_gather(void* whole, const void* piece, int64_t piece_bytes, const c10::Stream& stream) = 0;
  /// `bytes`: of each rank, in rank order.
  virtual void all_gather_uneven(void* whole, const void* piece, std::span<const int64_t> bytes,
                                 const c10::Stream& stream) = 0;
  /// `count`: of `piece`, which may be this rank's part of `whole`.
  virtual void reduce_scatter(void* piece, const void* whole, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                              const c10::Stream& stream) = 0;
  virtual void broadcast(void* data, int64_t bytes, int root, const c10::Stream& stream) = 0;

  /// What went wrong after a call had returned; "" where nothing has. Any thread.
  virtual std::string failure() = 0;
  /// Ends what is under way on this rank's device; nothing else can be done afterwards. Any thread.
  virtual void abort() noexcept = 0;

  static bool reduces(at::ScalarType dtype);
};

}  // namespace nccl
