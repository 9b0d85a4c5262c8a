#include "ddp_options.h"

#include <algorithm>
#include <utility>

#include "dl/error.h"

namespace parallel {

dl::Schema<DDPOptions> DDPOptions::schema(std::string doc) {
  return dl::Schema<DDPOptions>(std::move(doc))
      .field("bucket_mb", &DDPOptions::bucket_mb, "gradients sent together, in MiB; DDP's first bucket has at most 1",
             dl::greater_than(0))
      .field(
          "reduce_dtype", &DDPOptions::reduce_dtype,
          "dtype in which gradients travel between ranks: same as the parameters, or bf16 (half the bytes; summed in "
          "float32 and rounded once in a node)",
          dl::one_of({"same", "bf16"}))
      .field("activation_checkpointing", &DDPOptions::activation_checkpointing,
             "the backward pass computes each unit's activations again instead of keeping them")
      .field("offload_optimizer", &DDPOptions::offload_optimizer,
             "a folder on a fast disk: the optimizer's states lie in a file there that is mapped into memory, so that "
             "their pages can leave it; empty: in memory");
}

int64_t DDPOptions::bucket_bytes() const { return std::max<int64_t>(1, static_cast<int64_t>(bucket_mb * (1 << 20))); }

std::optional<at::ScalarType> DDPOptions::wire() const {
  if (reduce_dtype == "bf16") return at::kBFloat16;
  return std::nullopt;
}

std::shared_ptr<OffloadFile> DDPOptions::offload_file(at::Device device) const {
  if (offload_optimizer.empty()) return nullptr;
  if (!device.is_cpu()) throw dl::Error("offload_optimizer works on the CPU only, the network is on " + device.str());
  return std::make_shared<OffloadFile>(offload_optimizer);
}

}  // namespace parallel
