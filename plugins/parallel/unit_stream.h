#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dl/backend.h"
#include "flat_parameters.h"
#include "gather_trace.h"
#include "module_tensors.h"
#include "unit_boundary.h"

namespace parallel {

/// The units of one network, whose parameters are there only while they are used: gathered before a unit's forward pass
/// and freed after it, and again around its backward pass (FSDP: Zhao et al., 2023). As the network's Build it cuts
/// each unit before the next one is made, so that a network larger than one rank's memory can be built.
class UnitStream final : public dl::Build, public dl::UnitRunner {
 public:
  /// `checkpoint`: activation checkpointing. `file`: where this rank's pieces are kept; null: in memory.
  UnitStream(std::string network, bool checkpoint, const dl::BackendContext& context, GatherTrace& trace,
             std::shared_ptr<OffloadFile> file);
  ~UnitStream() override;

  void created(dl::UnitState& unit) override;
  dl::Tensors run(dl::UnitState& unit, dl::Tensors inputs,
                  const std::function<dl::Tensors(dl::Tensors)>& forward) override;

  /// The network is complete: parameters that do not belong to one unit alone leave it and stay whole. Returns the
  /// units' parameters, in the order in which they were made.
  std::vector<std::unique_ptr<FlatParameters>> finish(const std::vector<ModuleTensor>& tensors);
  /// A backward pass has ended: frees what it has left.
  void pass_done();

 private:
  class Gate;

  const std::string network_;
  const bool checkpoint_;
  const dl::BackendContext context_;
  GatherTrace& trace_;
  const std::shared_ptr<OffloadFile> file_;
  std::map<const dl::UnitState*, Gate> gates_;  // graphs point at them
  std::vector<std::unique_ptr<FlatParameters>> parameters_;
  std::set<const c10::TensorImpl*> owned_;
};

}  // namespace parallel
