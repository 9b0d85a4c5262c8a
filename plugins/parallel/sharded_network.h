#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrival_hooks.h"
#include "dl/backend.h"
#include "flat_gradient.h"
#include "flat_parameters.h"
#include "module_tensors.h"
#include "offload_file.h"
#include "pieces.h"

namespace parallel {

/// A network of which each rank holds a piece of the gradients, of the optimizer's states and, of units, of the
/// parameters. Parameters that lie in no unit, or in no streamed one, stay whole. Training thread and autograd's; all
/// ranks make the same calls.
class ShardedNetwork {
 public:
  struct Options {
    int64_t bucket_bytes = 0;              ///< of whole parameters that travel together
    std::optional<at::ScalarType> wire;    ///< the dtype in which gradients travel; none: their own
    bool checkpointing = false;            ///< units run again in backward passes of their own
    std::shared_ptr<OffloadFile> offload;  ///< of optimizer states; null: in memory
  };
  /// `units`: those that are streamed. `filled`: called when a Reduction may have become full. Throws Error where there
  /// is nothing to train, or a parameter is of a type that is not in `dtypes`.
  ShardedNetwork(const std::string& name, std::vector<ModuleTensor> tensors,
                 std::vector<std::unique_ptr<FlatParameters>> units, std::span<const at::ScalarType> dtypes,
                 const Options& options, const dl::BackendContext& context, std::function<void()> filled);

  void begin_update();
  /// A backward pass begins. Returns what is to be reduced in it, in order.
  std::vector<Reduction*> begin_pass();
  /// All passes are reduced. In the first update the order in which rank 0's gradients were complete becomes that of
  /// all later ones, on all ranks.
  void end_update();
  /// Whether this rank got a gradient, by trained parameter.
  std::vector<bool> used() const;
  void set_used(const std::vector<bool>& used);

  /// This rank's pieces of trained parameters.
  std::span<dl::Param> params() { return params_; }
  /// The whole parameters that the optimizers have changed piece by piece.
  void publish();
  void visit(bool states, bool write, const dl::Backend::Visitor& visitor);
  const std::vector<ModuleTensor>& tensors() const { return tensors_; }
  /// Those among which are some of the module's.
  std::vector<FlatParameters*> parameters_of(const torch::nn::Module& module) const;

 private:
  struct Group {
    std::unique_ptr<FlatParameters> parameters;
    std::unique_ptr<FlatGradient> gradient;
  };
  /// Where a parameter lies.
  struct Place {
    size_t group = 0, index = 0;
  };
  void add_group(std::unique_ptr<FlatParameters> parameters, bool late = false);
  void group_whole(const std::string& name);
  void cut();
  void arrived(size_t parameter, bool has_gradient);
  void visit_parameters(bool write, const dl::Backend::Visitor& visitor);

  const dl::BackendContext context_;
  const Options options_;
  std::vector<ModuleTensor> tensors_;
  std::vector<Group> groups_;
  std::vector<size_t> order_;                   // of groups
  std::vector<size_t> incomplete_, completed_;  // while the order is not agreed
  bool order_agreed_ = false;
  std::vector<dl::NamedTensor> trained_;
  std::map<const c10::TensorImpl*, Place> lies_;  // of all that is in a group
  std::vector<Place> places_;                     // of each trained parameter
  std::vector<Piece> pieces_;
  std::vector<dl::Param> params_;
  std::function<void()> filled_;
  std::optional<ArrivalHooks> hooks_;
};

}  // namespace parallel
