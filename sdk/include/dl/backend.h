#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dl/communicator.h"
#include "dl/network.h"
#include "dl/optimizer.h"

namespace dl {

struct BackendContext {
  Communicator& communicator;  ///< moves parameters and gradients
  Communicator& control;       ///< the host's, on the CPU: small values; may be the same object
  at::Device device;
  bool overlap = false;  ///< communicate beside the backward pass
  /// What autocast turns products into; none: it is off. A backend that makes parameters anew for each use may make
  /// them in this dtype.
  std::optional<at::ScalarType> autocast = std::nullopt;
};

/// A tensor of a network, as checkpoints see it.
struct NetworkEntry {
  enum class Type { parameter, buffer, state };
  Type type = Type::parameter;
  std::string name;   ///< as in PyTorch's `state_dict`
  std::string state;  ///< of type state: the optimizer's key, such as "exp_avg", or "step": Param::step as int64 []
};

/// A parallel strategy: owns where parameters and gradients live. Training thread, all ranks in the same order.
/// A window: begin_update(); backward() for each micro-batch; end_update(); the optimizers step on params();
/// after_step().
class DL_API Backend {
 public:
  using Interface = Backend;
  using Context = const BackendContext;
  static constexpr Kind kKind = Kind::backend;
  static constexpr uint32_t kAbi = 2;
  using Visitor = std::function<void(const NetworkEntry& entry, Tensor& whole)>;
  virtual ~Backend();

  /// True if params() are pieces: the host sums norms over ranks. The parameter types that it holds, the devices, and
  /// the same flag stand in its `traits()` (plugin.h), which the host checks before any memory is taken: an optimizer
  /// that needs whole tensors is refused.
  virtual bool sharded() const = 0;

  /// What the constructor of the network `name` gets; followed by attach().
  virtual Build& build(const std::string& name) = 0;
  /// The network is built, with the same seed on all ranks: its parameters go where this strategy keeps them. Throws
  /// Error on a network that it can't hold.
  virtual void attach(const std::string& name, Network& network) = 0;

  /// Zeroes the gradients of `networks`.
  virtual void begin_update(std::span<const std::string> networks) = 0;
  /// Runs autograd from the scalar `loss`, whose gradient is `scale`: the micro-batch's share in the window's mean.
  /// Gradients add up until end_update(). `last`: no further micro-batch follows.
  virtual void backward(const Tensor& loss, double scale, bool last) = 0;
  /// Returns when the gradients of `networks` are summed over ranks (not divided), and `totals` with them; sets
  /// Param::used.
  virtual void end_update(std::span<const std::string> networks, std::span<double> totals) = 0;
  /// What the optimizer may change on this rank: valid until the next begin_update().
  virtual std::span<Param> params(const std::string& network) = 0;
  /// After the optimizer: changed pieces are gathered here. Amid its step, of no network: offloaded states may go.
  virtual void after_step(std::span<const std::string> networks) = 0;

  /// Makes the buffers (batch norm's statistics) equal on all ranks: rank 0's. Before evaluation and saving.
  virtual void sync_buffers() = 0;
  /// Visits every parameter and buffer of `network`, and with `states` every optimizer state, whole, one at a time, in
  /// the same order on all ranks. `write`: what the visitor leaves in `whole` is kept.
  virtual void visit(const std::string& network, bool states, bool write, const Visitor& visitor) = 0;
};

}  // namespace dl
