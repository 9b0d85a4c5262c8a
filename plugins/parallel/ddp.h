#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpointing.h"
#include "ddp_options.h"
#include "dl/backend.h"
#include "dl/plugin.h"
#include "gradients.h"
#include "module_tensors.h"
#include "reduction_queue.h"

namespace parallel {

/// Data parallelism: each rank has the whole network and works on its own samples; gradients are summed over ranks in
/// flat buckets (Li et al., "PyTorch Distributed", VLDB 2020). With one rank nothing is communicated. reduce_dtype is
/// that of FSDP2's MixedPrecisionPolicy; bf16 does what torch.distributed's bf16_compress_hook does. Parameters must
/// not be replaced after attach() (Module::to another dtype or device).
class DDP : public dl::Backend {
 public:
  static auto schema() {
    return DDPOptions::schema("Data parallelism: the whole network on each rank, gradients summed over ranks");
  }
  static dl::Traits traits() { return {.dtypes = {at::kFloat, at::kDouble, at::kBFloat16}}; }
  DDP(const DDPOptions& options, const dl::BackendContext& context);
  ~DDP() override;

  bool sharded() const override { return false; }
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
  struct Attached {
    std::vector<ModuleTensor> tensors;
    std::vector<dl::Param> params;  // of the tensors that are trained, in their order
    std::unique_ptr<Gradients> gradients;
  };
  Attached& find(const std::string& network);

  const dl::BackendContext context_;
  const std::shared_ptr<OffloadFile> offload_;

 private:
  void set_used(std::span<double> totals);

  const int64_t bucket_bytes_;
  const std::optional<at::ScalarType> wire_;
  Checkpointing build_;
  ReductionQueue reductions_;
  std::map<std::string, Attached> networks_;
  std::vector<Attached*> updating_;  // from begin_update() to end_update()
  bool last_seen_ = false;
};

}  // namespace parallel
