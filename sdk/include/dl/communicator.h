#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dl/kind.h"
#include "dl/tensor.h"

namespace dl {

enum class ReduceOp { sum, max, min };

/// A collective under way.
class DL_API Work {
 public:
  virtual ~Work();
  /// Returns when it is done; throws what it threw. Once.
  virtual void wait() = 0;
};

class Communicator;
struct CommunicatorContext {
  Communicator* control = nullptr;  ///< the host's CPU communicator, to bootstrap over; null while that one is made
  double timeout_s = 1800;          ///< `[engine] timeout_s`: a collective that takes longer throws Error
  std::vector<int64_t> gpus;        ///< `[engine] gpus`: by local rank; empty on the CPU
};

/// Collectives among the ranks. All ranks make the same calls in the same order, from one thread at a time. Tensors are
/// contiguous; float32, float64, bfloat16, int64, int32 and uint8 at least. `what` names the tensor or the purpose in
/// messages. Every call throws Error, naming rank, operation and `what`, when a peer fails or the time is over.
class DL_API Communicator {
 public:
  using Interface = Communicator;
  using Context = const CommunicatorContext;
  static constexpr Kind kKind = Kind::communicator;
  static constexpr uint32_t kAbi = 1;
  virtual ~Communicator();

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual int local_rank() const = 0;  ///< among the ranks of this host
  virtual int local_size() const = 0;
  virtual std::vector<std::string> hosts() const = 0;  ///< each rank's host name

  /// A flat buffer, zeroed, in memory that this communicator moves best. Collective: all ranks, same order.
  virtual Tensor allocate(int64_t elements, at::ScalarType dtype) = 0;

  virtual void all_reduce(Tensor& tensor, ReduceOp op, std::string_view what) = 0;
  /// whole = size() pieces of equal length, in rank order.
  virtual void all_gather(Tensor& whole, const Tensor& piece, std::string_view what) = 0;
  /// Rows (dimension 0) of all ranks, in rank order; their number may differ by rank, their shape and dtype may not.
  virtual Tensor all_gather_rows(const Tensor& rows, std::string_view what) = 0;
  /// piece = this rank's part of the reduced whole; whole = size() pieces.
  virtual void reduce_scatter(Tensor& piece, const Tensor& whole, ReduceOp op, std::string_view what) = 0;
  virtual void broadcast(Tensor& tensor, int root, std::string_view what) = 0;
  virtual void barrier(std::string_view what) = 0;

  /// Runs `collective` beside the caller, after those started before it; the same order on all ranks. Blocking calls
  /// made while some are under way wait for their turn.
  virtual std::shared_ptr<Work> start(std::function<void()> collective) = 0;

  /// Ends all ranks' processes with `code`, at once. Any thread. Returns only where there is one rank.
  virtual void abort(int code) noexcept = 0;
};

}  // namespace dl
