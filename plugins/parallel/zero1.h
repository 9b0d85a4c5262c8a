#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ddp.h"
#include "flat_parameters.h"
#include "pieces.h"

namespace parallel {

/// ZeRO stage 1 (Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", 2020): as
/// DDP, but each rank updates, and keeps optimizer state for, its piece of the parameters only, and gathers the others'
/// after the step. Elementwise optimizers only. The gradients are summed as DDP sums them, so the weights are DDP's bit
/// for bit at the same rank count.
class ZeRO1 final : public DDP {
 public:
  static auto schema() {
    return DDPOptions::schema("ZeRO stage 1: data parallelism, the optimizer's state cut over ranks");
  }
  static dl::Traits traits() {
    auto traits = DDP::traits();
    traits.sharded = true;
    return traits;
  }
  using DDP::DDP;

  bool sharded() const override { return true; }
  void attach(const std::string& name, dl::Network& network) override;
  void end_update(std::span<const std::string> networks, std::span<double> totals) override;
  std::span<dl::Param> params(const std::string& network) override { return shard(network).params; }
  void after_step(std::span<const std::string> networks) override;
  void visit(const std::string& network, bool states, bool write, const Visitor& visitor) override;

 private:
  struct Shard {
    std::vector<std::unique_ptr<FlatParameters>> flats;  ///< by bucket
    std::vector<Piece> pieces;                           ///< this rank's
    std::vector<dl::Param> params;                       ///< of the pieces, in their order
  };
  Shard& shard(const std::string& network);

  std::map<std::string, Shard> shards_;
};

}  // namespace parallel
