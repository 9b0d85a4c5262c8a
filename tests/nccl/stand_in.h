#pragma once
#include <memory>
#include <string>

#include "plugins/nccl/transport.h"
#include "support/thread_communicator.h"

namespace nccl::testing {

/// Moves memory of the CPU between threads, in NCCL's place: to test what surrounds NCCL.
class StandIn final : public Transport {
 public:
  StandIn(std::shared_ptr<dl::testing::ThreadGroup> group, int rank) : ranks_(std::move(group), rank) {}
  void all_reduce(void* data, int64_t count, at::ScalarType dtype, dl::ReduceOp op, const c10::Stream& stream) override;
  void all_gather(void* whole, const void* piece, int64_t piece_bytes, const c10::Stream& stream) override;
  void all_gather_uneven(void* whole, const void* piece, std::span<const int64_t> bytes,
                         const c10::Stream& stream) override;
  void reduce_scatter(void* piece, const void* whole, int64_t count, at::ScalarType dtype, dl::ReduceOp op,
                      const c10::Stream& stream) override;
  void broadcast(void* data, int64_t bytes, int root, const c10::Stream& stream) override;
  std::string failure() override { return ""; }
  void abort() noexcept override { aborted = true; }

  bool aborted = false;
  std::vector<c10::StreamId> streams;  ///< of the calls

 private:
  dl::testing::ThreadCommunicator ranks_;
};

}  // namespace nccl::testing
