#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "communication_thread.h"
#include "dl/communicator.h"
#include "dl/plugin.h"

namespace mpi {

class Collectives;

struct CommunicatorOptions {
  // What a rank has written into its boxes is to lie in its second-level cache still when others read it: with 1 MB
  // all_gather took twice as long.
  int64_t chunk_bytes = 512 << 10;
  std::string window = "auto";
  int64_t ranks_per_node = 0;
};

/// Collectives of CPU tensors among the processes that mpirun started; alone, one rank. Ranks of one node meet in
/// shared memory (WindowCollectives), where allocate()d tensors need no copy; nodes exchange by MPI. Reductions give
/// the same bits on all ranks, and for the same tensors, ranks and nodes always the same; within a node they add in
/// rank order. Where ranks of a node make different calls, all of them throw. Beyond the interface: all_gather and
/// reduce_scatter take a `piece` that is this rank's part of `whole` itself; dtypes that are only moved may be any.
/// After a call has failed all later ones do.
class Communicator final : public dl::Communicator {
 public:
  static auto schema() {
    return dl::Schema<CommunicatorOptions>("Communication among the processes of mpirun, on the CPU")
        .field("chunk_bytes", &CommunicatorOptions::chunk_bytes,
               "bytes that are reduced at once, or that go through the window at once", dl::between(4096, 1 << 30))
        .field(
            "window", &CommunicatorOptions::window,
            "memory that the ranks of a node share: auto (where /dev/shm allows it), on (or fail) or off (MPI alone)",
            dl::one_of({"auto", "on", "off"}))
        .field("ranks_per_node", &CommunicatorOptions::ranks_per_node,
               "at most so many ranks of a host share a window and count as one node, for hosts with several memories; "
               "0: all",
               dl::at_least(0));
  }
  static dl::Traits traits() { return {.devices = {c10::kCPU}}; }
  Communicator(const CommunicatorOptions& options, const dl::CommunicatorContext& context);
  /// Finishes what was started, unless a call has failed or an exception is in flight: then it waits for nobody.
  ~Communicator() override;

  int rank() const override;
  int size() const override;
  int local_rank() const override;
  int local_size() const override;
  std::vector<std::string> hosts() const override;

  dl::Tensor allocate(int64_t elements, at::ScalarType dtype) override;
  void all_reduce(dl::Tensor& tensor, dl::ReduceOp op, std::string_view what) override;
  void all_gather(dl::Tensor& whole, const dl::Tensor& piece, std::string_view what) override;
  dl::Tensor all_gather_rows(const dl::Tensor& rows, std::string_view what) override;
  void reduce_scatter(dl::Tensor& piece, const dl::Tensor& whole, dl::ReduceOp op, std::string_view what) override;
  void broadcast(dl::Tensor& tensor, int root, std::string_view what) override;
  void barrier(std::string_view what) override;
  std::shared_ptr<dl::Work> start(std::function<void()> collective) override;
  void abort(int code) noexcept override;

 private:
  std::shared_ptr<Collectives> all_;  // shared with collectives under way, which may outlive this object after an error
  CommunicationThread thread_;
};

}  // namespace mpi
