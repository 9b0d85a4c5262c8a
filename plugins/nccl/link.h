#pragma once
#include <nccl.h>

#include <functional>
#include <mutex>

#include "transport.h"

namespace nccl {

/// NCCL's communicator of one rank, in non-blocking mode: no call into NCCL waits for another rank, so that abort() can
/// always come between; what NCCL still does when a call has returned is waited for by asking, up to the time-out.
/// Errors are dl::Error with NCCL's words.
class Link final : public Transport {
 public:
  static void make_id(ncclUniqueId& id);
  /// All ranks. Returns when all are connected.
  Link(const ncclUniqueId& id, int rank, int size, at::Device device, double timeout_s);
  /// Waits for what is under way on all ranks, unless aborted.
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void all_reduce(void* data, int64_t count, at::ScalarType dtype, dl::ReduceOp op, const c10::Stream& stream) override;
  void all_gather(void* whole, const void* piece, int64_t piece_bytes, const c10::Stream& stream) override;
  void all_gather_uneven(void* whole, const void* piece, std::span<const int64_t> bytes,
                         const c10::Stream& stream) override;
  void reduce_scatter(void* piece, const void* whole, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                      const c10::Stream& stream) override;
  void broadcast(void* data, int64_t bytes, int root, const c10::Stream& stream) override;
  std::string failure() override;
  void abort() noexcept override;

 private:
  void call(const char* function, const std::function<ncclResult_t()>& body);
  void settle(const char* function, ncclResult_t result);
  ncclResult_t state();

  const int rank_;
  const double timeout_s_;
  std::mutex mutex_;  // of comm_: NCCL is called by one thread at a time
  ncclComm_t comm_ = nullptr;
  bool aborted_ = false;
};

}  // namespace nccl
