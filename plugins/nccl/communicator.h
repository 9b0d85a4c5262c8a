#pragma once
#include "dl/plugin.h"
#include "stream_communicator.h"

namespace nccl {

/// Collectives among GPUs by NCCL: one process a GPU, `[engine] gpus` by local rank. NCCL's id goes over the host's CPU
/// communicator (`control`), and so does what keeps a rank from taking part: then all ranks throw. Reductions are in
/// NCCL's order: the same bits on all ranks, and mostly, but not by promise, from run to run.
class Communicator final : public StreamCommunicator {
 public:
  using Options = dl::NoOptions;
  static auto schema() { return dl::Schema<Options>("Communication among NVIDIA GPUs, one a rank ([engine] gpus)"); }
  static dl::Traits traits() { return {.devices = {c10::kCUDA}}; }
  /// Throws dl::Error where the machine has no such GPU or no driver, in the words of CUDA's runtime.
  Communicator(const Options& options, const dl::CommunicatorContext& context);

 private:
  Communicator(std::unique_ptr<Transport> transport, const dl::CommunicatorContext& context);
};

}  // namespace nccl
