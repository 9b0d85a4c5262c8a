#include "ddp_options.h"

#include <algorithm>
#include <utility>

#include "dl/error.h"

namespace parallel {

namespace {

std::shared_ptr<OffloadFile> file_in(const std::string& folder, const char* option, at::Device device) {
  if (folder.empty()) return nullptr;
  if (!device.is_cpu())
    throw dl::Error(std::string(option) + " works on the CPU only, the network is on " + device.str());
  return std::make_shared<OffloadFile>(folder);
}

/// Of a backend that holds parameters whole.
dl::Check left_out() {
  return {"left out with this backend, which holds parameters whole: use stage 3 (parallel.ZeRO3)",
          [](const dl::Value& value) {
            const auto* folder = value.get_if<std::string>();
            return folder && folder->empty();
          }};
}

}  // namespace

dl::Schema<DDPOptions> DDPOptions::schema(std::string doc, bool cuts_parameters) {
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
             "their pages can leave it; empty: in memory")
      .field("offload_parameters", &DDPOptions::offload_parameters,
             "the same for this rank's pieces of the parameters of units; what is in no unit stays in memory",
             cuts_parameters ? std::nullopt : std::optional(left_out()));
}

int64_t DDPOptions::bucket_bytes() const { return std::max<int64_t>(1, static_cast<int64_t>(bucket_mb * (1 << 20))); }

std::optional<at::ScalarType> DDPOptions::wire() const {
  if (reduce_dtype == "bf16") return at::kBFloat16;
  return std::nullopt;
}

std::shared_ptr<OffloadFile> DDPOptions::state_file(at::Device device) const {
  return file_in(offload_optimizer, "offload_optimizer", device);
}

std::shared_ptr<OffloadFile> DDPOptions::parameter_file(at::Device device) const {
  return file_in(offload_parameters, "offload_parameters", device);
}

}  // namespace parallel
