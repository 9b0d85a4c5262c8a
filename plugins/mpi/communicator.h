#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "communication_thread.h"
#include "dl/communicator.h"
#include "dl/schema.h"
#include "session.h"

namespace mpi {

struct CommunicatorOptions {
  int64_t chunk_bytes = 1 << 20;
};

/// Collectives of CPU tensors among the processes that mpirun started; alone, one rank. Large tensors go in chunks: a
/// chunk stays in the caches, and MPI's temporary buffers stay small enough not to be given back and faulted in again.
/// Reductions give the same bits on all ranks, and for the same tensors, rank count and chunk_bytes always the same.
/// Beyond the interface: all_gather and reduce_scatter take a `piece` that is this rank's part of `whole` itself;
/// dtypes that are only moved may be any.
class Communicator final : public dl::Communicator {
 public:
  static auto schema() {
    return dl::Schema<CommunicatorOptions>("Communication among the processes of mpirun, on the CPU")
        .field("chunk_bytes", &CommunicatorOptions::chunk_bytes, "bytes that one MPI call moves at most",
               dl::between(4096, 1 << 30));
  }
  Communicator(const CommunicatorOptions& options, const dl::CommunicatorContext& context);
  /// Finishes what was started, unless a call has failed or an exception is in flight: then it waits for nobody.
  ~Communicator() override;

  int rank() const override { return session_->rank(); }
  int size() const override { return session_->size(); }
  int local_rank() const override { return session_->local_rank(); }
  int local_size() const override { return session_->local_size(); }
  std::vector<std::string> hosts() const override { return session_->hosts(); }

  dl::Tensor allocate(int64_t elements, at::ScalarType dtype) override;
  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) override;
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) override;
  dl::Tensor all_gather_rows(const dl::Tensor& rows, std::string_view what) override;
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) override;
  void broadcast(dl::Tensor& tensor, int root, std::string_view what) override;
  void barrier(std::string_view what) override;
  std::shared_ptr<dl::Work> start(std::function<void()> collective) override;
  void abort(int code) noexcept override { session_->abort(code); }

 private:
  const int64_t chunk_bytes_;
  std::shared_ptr<Session> session_;  // shared with collectives under way, which may outlive this object after an error
  CommunicationThread thread_;
};

}  // namespace mpi
