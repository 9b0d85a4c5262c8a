#pragma once
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dl::host {

/// What CUDA's runtime library says of this machine. Codes are its cudaError_t; 0: success.
struct CudaRuntime {
  std::function<int(int* count)> device_count;      ///< cudaGetDeviceCount
  std::function<int(int* version)> driver_version;  ///< cudaDriverGetVersion; 0: there is no driver
  std::function<std::string(int code)> text;        ///< cudaGetErrorString
};

/// Why `[engine] gpus` can't be used on this machine, and what to do, for the user; "" where they can.
std::string gpu_problem(const std::vector<int64_t>& gpus, const CudaRuntime& cuda);

/// Opens LibTorch's CUDA library, which dlhost is not linked with, and makes `device` the calling thread's. Throws
/// UsageError where there is no such library, no driver, or not all of `gpus`. It must come before anything else in
/// this process asks LibTorch for CUDA, which looks for it once and for all.
void open_gpu(const std::vector<int64_t>& gpus, at::Device device);

}  // namespace dl::host
