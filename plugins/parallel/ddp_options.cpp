#include "ddp_options.h"

#include <algorithm>
#include <utility>

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
             "the backward pass computes each unit's activations again instead of keeping them");
}

int64_t DDPOptions::bucket_bytes() const { return std::max<int64_t>(1, static_cast<int64_t>(bucket_mb * (1 << 20))); }

std::optional<at::ScalarType> DDPOptions::wire() const {
  if (reduce_dtype == "bf16") return at::kBFloat16;
  return std::nullopt;
}

}  // namespace parallel
