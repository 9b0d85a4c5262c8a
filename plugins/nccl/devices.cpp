#include "devices.h"

#include <cuda_runtime_api.h>

namespace nccl {

std::string device_problem(const std::vector<int64_t>& gpus, int local_rank) {
  if (static_cast<size_t>(local_rank) >= gpus.size())
    return "[engine] gpus names " + std::to_string(gpus.size()) + " device(s), but this is local rank " +
           std::to_string(local_rank) + " (from 0); name one for each rank of a host";
  int count = 0, driver = 0;
  const auto code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess || count == 0) {
    const bool there = cudaDriverGetVersion(&driver) == cudaSuccess && driver != 0;
    return "no GPU was found" + std::string(there ? "" : ", and no NVIDIA driver") + ": CUDA reports \"" +
           (code != cudaSuccess ? cudaGetErrorString(code) : "0 devices") +
           "\"; train on the CPU without [engine] gpus";
  }
  const auto device = gpus[static_cast<size_t>(local_rank)];
  if (device >= 0 && device < count) return "";
  return "[engine] gpus gives this rank the device " + std::to_string(device) + ", but CUDA sees " +
         std::to_string(count) + " (numbered from 0)";
}

}  // namespace nccl
