#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpointing.h"
#include "ddp.h"
#include "reduction_queue.h"
#include "sharded_network.h"

namespace parallel {

/// ZeRO stage 2 (Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", 2020):
/// each rank keeps its piece of the gradients and of the optimizer's state. Gradients are reduce-scattered bucket by
/// bucket during the backward pass, once for each micro-batch; the parameters are gathered after the step. Elementwise
/// optimizers only. At the same rank count and without accumulation the weights are DDP's bit for bit, as long as the
/// communicator's reductions add in the same order; with it they differ by rounding.
class ZeRO2 : public dl::Backend {
 public:
  static auto schema() {
    return DDPOptions::schema("ZeRO stage 2: data parallelism, gradients and optimizer state cut over ranks");
  }
  static dl::Traits traits() {
    auto traits = DDP::traits();
    traits.sharded = true;
    return traits;
  }
  ZeRO2(const DDPOptions& options, const dl::BackendContext& context);
  ~ZeRO2() override;

  bool sharded() const override { return true; }
  dl::Build& build(const std::string& name) override;
  void attach(const std::string& name, dl::Network& network) override;
  void begin_update(std::span<const std::string> networks) override;
  void backward(const dl::Tensor& loss, double scale, bool last) override;
  void end_update(std::span<const std::string> networks, std::span<double> totals) override;
  std::span<dl::Param> params(const std::string& network) override;
  void after_step(std::span<const std::string> networks) override;
  void sync_buffers() override;
  void visit(const std::string& network, bool states, bool write, const Visitor& visitor) override;

 protected:
  /// The units of a network that was just built whose parameters are streamed.
  virtual std::vector<std::unique_ptr<FlatParameters>> streamed_units(const std::string& network,
                                                                      const std::vector<ModuleTensor>& tensors);
  /// A backward pass has ended.
  virtual void pass_done() { build_.pass_done(); }

  const dl::BackendContext context_;
  const DDPOptions options_;

 private:
  ShardedNetwork& find(const std::string& network);

  Checkpointing build_;
  const std::shared_ptr<OffloadFile> offload_;
  ReductionQueue reductions_;
  std::map<std::string, std::unique_ptr<ShardedNetwork>> networks_;
  std::vector<ShardedNetwork*> updating_;  // from begin_update() to end_update(), in the order of reduction
  bool last_seen_ = false;
};

}  // namespace parallel
